//! Delays between attempts.

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

/// `first`·2ⁿ, at most `cap`.
pub(crate) fn doubled(first: Millis, times: u32, cap: Millis) -> Millis {
    // 2⁴⁰ ms is far beyond every cap; a larger shift would overflow.
    first.saturating_mul(1 << times.min(40)).min(cap)
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
}
