//! A session that is lost, and one whose attempts are spent.

use crate::core::api::Error;
use crate::core::kit::time::Instant;
use crate::core::protocol::error_code::ErrorCode;

/// How many generations in a row may be lost before a single answer: one may be bad luck, two are the server's habit.
pub(crate) const MAX_BARREN: u32 = 2;

/// A session whose attempts are spent.
pub(crate) struct Degraded<J> {
    /// When the next call may try again.
    pub(crate) retry_at: Instant,
    /// When the machine tries by itself.
    pub(crate) canary_at: Instant,
    /// Failed rounds so far.
    pub(crate) rounds: u32,
    /// Why the last round failed.
    pub(crate) error: Error<J>,
}

/// What a server looks like that loses each session before it answered anything in it.
pub(crate) fn lost_at_once<J>(code: ErrorCode, evidence: &str) -> Error<J> {
    let sentence = "every new session is lost at once: this server does not keep sessions between replicas, it seems";
    Error::new(code, sentence).seen(evidence)
}

/// Why a session is being recovered.
pub(crate) struct Loss {
    pub(crate) code: ErrorCode,
    pub(crate) at: Instant,
}
