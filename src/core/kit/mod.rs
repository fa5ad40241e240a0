//! Smaller replacements for crates and parts of std, limited to what the machine needs.

pub(crate) mod backoff;
pub(crate) mod budget;
pub(crate) mod fields;
pub(crate) mod hash;
pub(crate) mod index;
pub(crate) mod queue;
pub(crate) mod retry_after;
pub(crate) mod rng;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod time;
