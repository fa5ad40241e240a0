//! Delays between attempts, and the retry budget of a session.

use crate::core::kit::rng::Rng;
use crate::core::kit::time::Millis;

/// The longest delay of the backoff.
pub const CAP: Millis = 30_000;

/// The longest `Retry-After` that is obeyed; a longer one fails the call with an error that names it.
pub const RETRY_AFTER_CAP: Millis = 300_000;

/// The shortest delay before a stream is reopened, whatever its `retry:` says: `retry: 0` makes today's clients loop a
/// thousand times a second.
pub const STREAM_FLOOR: Millis = 250;

/// The longest `retry:` that is obeyed.
pub const STREAM_RETRY_CAP: Millis = 300_000;

/// First and longest delay between canaries after all attempts have failed.
pub const SLOW_CANARY: (Millis, Millis) = (30_000, 300_000);

/// Exponential backoff with full jitter: 0 to `first`·2ⁿ, capped at 30 s. Full jitter spreads simultaneous clients best
/// (Brooker, "Exponential Backoff And Jitter").
pub fn full_jitter(rng: &mut Rng, first: Millis, attempt: u32) -> Millis {
    rng.up_to(doubled(first, attempt, CAP))
}

/// The same with equal jitter, at least half of the whole: a lone canary needs no spread, but it must not go out too
/// early.
pub fn equal_jitter(rng: &mut Rng, first: Millis, attempt: u32) -> Millis {
    let whole = doubled(first, attempt, CAP);
    whole - rng.up_to(whole / 2)
}

/// The delay before a stream is reopened: the server's own `retry:` if it sent one and the stream makes progress,
/// otherwise jittered backoff, never below the floor.
pub fn stream_delay(rng: &mut Rng, first: Millis, failures: u32, retry: Option<Millis>) -> Millis {
    // 2025-11-25 basic/transports, "Sending Messages to the Server": the client MUST respect `retry`.
    let advised = retry.map(|retry| retry.clamp(STREAM_FLOOR, STREAM_RETRY_CAP));
    match (advised, failures) {
        (Some(advised), 0) => advised,
        (advised, _) => advised.unwrap_or(STREAM_FLOOR).max(full_jitter(rng, first, failures)),
    }
}

/// The delay before slow canary number `count`: 30 s doubling to 5 min, half of it jittered.
pub fn canary_delay(rng: &mut Rng, count: u32) -> Millis {
    let whole = doubled(SLOW_CANARY.0, count, SLOW_CANARY.1);
    whole / 2 + rng.up_to(whole / 2)
}

fn doubled(first: Millis, times: u32, cap: Millis) -> Millis {
    // 2⁴⁰ ms is far beyond every cap; a larger shift would overflow.
    first.saturating_mul(1 << times.min(40)).min(cap)
}

/// The session's budget of automatic retries after an unknown outcome: 20 at first, one more for every five responses.
/// A retry that is answered costs nothing. Without it, a thousand callers of a failing server would double its load.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    fifths: u32,
}

impl Budget {
    const FULL: u32 = 20 * 5;

    /// A response arrived: earns a fifth of a retry, or the one that brought it.
    pub const fn earn(&mut self, is_retry: bool) {
        self.fifths += if is_retry { 5 } else { 1 };
        if self.fifths > Self::FULL {
            self.fifths = Self::FULL;
        }
    }

    /// Takes one retry; `false` if none is left.
    pub const fn spend(&mut self) -> bool {
        if self.fifths < 5 {
            return false;
        }
        self.fifths -= 5;
        true
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { fifths: Self::FULL }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_between_floor_and_cap() {
        let mut rng = Rng::seeded(3);
        for attempt in 0..64 {
            assert!(full_jitter(&mut rng, 1000, attempt) <= CAP);
            assert!(stream_delay(&mut rng, 1000, attempt, Some(0)) >= STREAM_FLOOR);
            let whole = doubled(1000, attempt, CAP);
            assert!((whole / 2..=whole).contains(&equal_jitter(&mut rng, 1000, attempt)));
            let delay = canary_delay(&mut rng, attempt);
            assert!((SLOW_CANARY.0 / 2..=SLOW_CANARY.1).contains(&delay));
        }
    }

    #[test]
    fn a_stream_that_makes_progress_obeys_retry() {
        assert_eq!(stream_delay(&mut Rng::seeded(1), 1000, 0, Some(500)), 500);
    }

    #[test]
    fn the_budget_is_spent_and_earned_back() {
        let mut budget = Budget::default();
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 20);
        (0..5).for_each(|_| budget.earn(false));
        assert!(budget.spend());
        assert!(!budget.spend());
        budget.earn(true);
        assert!(budget.spend());
        assert!(!budget.spend());
    }
}
