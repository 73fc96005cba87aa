//! `snapshots`: the last good reading of each arm.
