//! `decisions`: every decision of every pass, with its reason.
