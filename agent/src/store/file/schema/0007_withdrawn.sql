-- A message whose subjects were settled before anybody got it is withdrawn. To a release that does not know the columns it is
-- one that failed and that nobody got, which it knows how to treat.
ALTER TABLE notifications ADD COLUMN withdrawn_at TEXT;           -- when it was withdrawn; its state is 'failed'
ALTER TABLE notifications ADD COLUMN no_longer_so_since TEXT;     -- since which reading nothing of it is so; NULL: something is
-- 1: the sender was gone before it could record how the attempt ended, so that nobody knows whether the message left.
ALTER TABLE attempts ADD COLUMN interrupted INTEGER NOT NULL DEFAULT 0;
