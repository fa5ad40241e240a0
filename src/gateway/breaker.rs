//! The circuit breaker of one user and one server, over all of the user's sessions: while it is open, no session is opened.
//!
//! Only evidence that the server is out of reach counts: a session that could not be opened after all its attempts, and an
//! outage of an open session whose attempts are spent. A session's own breaker (`src/core/breaker.rs`) also counts answers
//! of the server, so its state says nothing here.

use crate::core::{Instant, Millis};

/// Whether an error of the machine, by its code and HTTP status, says that the server is out of reach. Every other status
/// was written by the server, or by something that can reach it.
pub fn is_out_of_reach(code: &str, status: u16) -> bool {
    match code {
        "network_error" | "request_timeout" => true,
        // RFC 9110 §15.6.3 to §15.6.5; 520 to 527 are Cloudflare's for an origin that it cannot reach.
        "http_error" => matches!(status, 502..=504 | 520..=527),
        _ => false,
    }
}

/// So many sessions in a row that could not be opened, the server being out of reach, open it.
const FAILURES: u32 = 3;
/// Failures that are further apart do not count together.
const WINDOW: Millis = 120_000;
/// It stays open for a cooldown that is doubled each time that a try fails, but never for longer than this.
const LONGEST: Millis = 300_000;
/// One that tries has so long, retries included; then somebody else may.
const TRY: Millis = 60_000;

/// What is known of the server, and forgotten when it works. It is all numbers, for it outlives whoever holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    /// How many failures came since `since`.
    pub failures: u64,
    /// When the first of them came.
    pub since: u64,
    /// How often it opened without a success; 0: it is closed.
    pub openings: u64,
    /// Until when nobody may try.
    pub until: u64,
    /// 1: somebody is trying.
    pub trying: u64,
}

impl Breaker {
    /// Whether a session may be opened: always while it is closed, and one at a time once it was open for long enough.
    ///
    /// # Errors
    /// For how long the server is still left alone.
    pub fn admit(&mut self, now: Instant) -> Result<(), Millis> {
        if self.openings == 0 {
            return Ok(());
        }
        let left = Instant::from_millis(self.until).since(now);
        if left > 0 {
            return Err(left);
        }
        self.until = now.after(TRY).as_millis();
        self.trying = 1;
        Ok(())
    }

    /// The server could not be reached, and the attempts of one session are spent. `cooldown` is the first pause.
    pub fn note_failure(&mut self, now: Instant, cooldown: Millis) {
        let cooldown = cooldown << self.openings.min(16);
        if self.openings > 0 {
            // Others that began before it opened say nothing new.
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
    fn then_one_tries_and_what_comes_of_it_holds_for_all() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(at(32)), Ok(()));
        assert_eq!(breaker.admit(at(33)), Err(59_000), "somebody is trying");
        breaker.note_failure(at(34), 30_000);
        assert_eq!(breaker.admit(at(34)), Err(60_000), "twice as long");
        assert_eq!(breaker.admit(at(94)), Ok(()));
        breaker = Breaker::default();
        assert_eq!([breaker.admit(at(95)), breaker.admit(at(95))], [Ok(()), Ok(())]);
    }

    #[test]
    fn one_that_tries_and_is_never_heard_of_again_blocks_nobody_for_ever() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(at(32)), Ok(()));
        assert_eq!(breaker.admit(at(92)), Ok(()));
    }

    #[test]
    fn failures_that_began_before_it_opened_do_not_lengthen_it() {
        let mut breaker = opened();
        (3..20).for_each(|second| breaker.note_failure(at(second), 30_000));
        assert_eq!(breaker.admit(at(20)), Err(12_000));
    }

    #[test]
    fn slow_failures_and_failures_with_successes_between_them_never_open_it() {
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
    fn only_what_says_that_the_server_is_out_of_reach_counts() {
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
