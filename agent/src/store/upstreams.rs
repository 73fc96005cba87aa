//! `upstream_checks`: which upstream answered when.
