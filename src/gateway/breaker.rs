//! The circuit breaker of one user and one server, across all of the user's sessions: while it is open, no session is
//! opened.
//!
//! Only evidence that the server is unreachable counts: a session that failed to open after all attempts, and an outage
//! of an open session after its last attempt. A session's own breaker (`src/core/state/session/breaker.rs`) also counts
//! responses of the server, so its state is not used here.

use crate::core::{Instant, Millis};

/// Whether an error of the machine, by its code and HTTP status, means that the server is unreachable. Every other
/// status comes from the server, or from an intermediary that reaches it.
pub fn is_out_of_reach(code: &str, status: u16) -> bool {
    match code {
        "network_error" | "request_timeout" => true,
        // RFC 9110 §15.6.3 to §15.6.5; Cloudflare uses 520 to 527 for an unreachable origin.
        "http_error" => matches!(status, 502..=504 | 520..=527),
        _ => false,
    }
}

/// The number of consecutive failures that opens the breaker.
const FAILURES: u32 = 3;
/// Failures further apart than this are not consecutive.
const WINDOW: Millis = 120_000;
/// The longest cooldown; it doubles with each failed canary.
const LONGEST: Millis = 300_000;
/// The time for a canary, retries included; after that, another one is admitted.
const CANARY_TIMEOUT: Millis = 60_000;

/// The breaker's state, discarded when the server works. It consists of numbers, so that it can be persisted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Failures since `since`.
    pub failures: u64,
    /// The moment of the first of them.
    pub since: u64,
    /// How often it opened without a success in between; 0: it is closed.
    pub openings: u64,
    /// Until when no session may be opened.
    pub until: u64,
    /// 1 while a canary is in progress.
    pub trying: u64,
}

impl Breaker {
    /// Whether a session may be opened: always while the breaker is closed, and one at a time, as a canary, after the
    /// cooldown.
    ///
    /// # Errors
    /// The rest of the cooldown.
    pub fn admit(&mut self, now: Instant) -> Result<(), Millis> {
        if self.openings == 0 {
            return Ok(());
        }
        let left = Instant::from_millis(self.until).since(now);
        if left > 0 {
            return Err(left);
        }
        self.until = now.after(CANARY_TIMEOUT).as_millis();
        self.trying = 1;
        Ok(())
    }

    /// Records that the server was unreachable in all attempts of one session. `cooldown` is the first one.
    pub fn note_failure(&mut self, now: Instant, cooldown: Millis) {
        let cooldown = cooldown << self.openings.min(16);
        if self.openings > 0 {
            // Failures of sessions that began before the breaker opened are ignored.
            if self.trying == 1 {
                self.open(now, cooldown);
            }
            return;
        }
        if now.since(Instant::from_millis(self.since)) > WINDOW {
            self.failures = 0;
        }
        if self.failures == 0 {
            self.since = now.as_millis();
        }
        self.failures += 1;
        if self.failures >= u64::from(FAILURES) {
            self.open(now, cooldown);
        }
    }

    fn open(&mut self, now: Instant, cooldown: Millis) {
        let until = now.after(cooldown.min(LONGEST)).as_millis();
        *self = Self { openings: self.openings + 1, until, ..Self::default() };
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(1_000_000 + seconds * 1_000)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        (0..3).for_each(|second| breaker.note_failure(at(second), 30_000));
        breaker
    }

    #[test]
    fn three_failures_open_it_for_half_a_minute() {
        let mut breaker = Breaker::default();
        for second in 0..2 {
            breaker.note_failure(at(second), 30_000);
            assert_eq!(breaker.admit(at(second)), Ok(()));
        }
        breaker.note_failure(at(2), 30_000);
        assert_eq!(breaker.admit(at(2)), Err(30_000));
        assert_eq!(breaker.admit(at(31)), Err(1_000));
    }

    #[test]
    fn then_one_canary_decides_for_all() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(at(32)), Ok(()));
        assert_eq!(breaker.admit(at(33)), Err(59_000), "a canary is in progress");
        breaker.note_failure(at(34), 30_000);
        assert_eq!(breaker.admit(at(34)), Err(60_000), "doubled");
        assert_eq!(breaker.admit(at(94)), Ok(()));
        breaker = Breaker::default();
        assert_eq!([breaker.admit(at(95)), breaker.admit(at(95))], [Ok(()), Ok(())]);
    }

    #[test]
    fn a_canary_without_an_outcome_times_out() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(at(32)), Ok(()));
        assert_eq!(breaker.admit(at(92)), Ok(()));
    }

    #[test]
    fn failures_of_earlier_sessions_do_not_extend_the_cooldown() {
        let mut breaker = opened();
        (3..20).for_each(|second| breaker.note_failure(at(second), 30_000));
        assert_eq!(breaker.admit(at(20)), Err(12_000));
    }

    #[test]
    fn rare_failures_and_failures_between_successes_never_open_it() {
        let mut breaker = Breaker::default();
        for round in 0..10 {
            breaker.note_failure(at(round * 121), 30_000);
            assert_eq!(breaker.admit(at(round * 121)), Ok(()));
        }
        for second in 2_000..2_020 {
            breaker.note_failure(at(second), 30_000);
            breaker = Breaker::default();
            assert_eq!(breaker.admit(at(second)), Ok(()));
        }
    }

    #[test]
    fn no_cooldown_is_longer_than_five_minutes() {
        let mut breaker = Breaker::default();
        (0..3).for_each(|second| breaker.note_failure(at(second), 3_600_000));
        assert_eq!(breaker.admit(at(2)), Err(300_000));
    }

    #[test]
    fn only_evidence_of_an_unreachable_server_counts() {
        for status in [502, 503, 504, 520, 527] {
            assert!(is_out_of_reach("http_error", status), "{status}");
        }
        // Answers of the server, of its framework and of its tools.
        for status in [0, 400, 401, 404, 405, 410, 429, 500, 501, 505, 519, 528] {
            assert!(!is_out_of_reach("http_error", status), "{status}");
        }
        assert!(is_out_of_reach("network_error", 0) && is_out_of_reach("request_timeout", 0));
        for code in ["rpc_error", "unauthorized", "forbidden", "outcome_unknown", "circuit_open", "protocol_error", ""]
        {
            assert!(!is_out_of_reach(code, 502), "{code}");
        }
    }
}
