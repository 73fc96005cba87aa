-- A message about goals with channels of their own goes by these only. A release that does not know the column uses all
-- that are configured.
ALTER TABLE notifications ADD COLUMN channels TEXT;               -- JSON: the channels in their order; NULL: notify.channels
