//! `runs`: one row a pass.
