//! Circuit breaker of one (user, server): suspends attempts after repeated failures.
//!
//! It belongs to one record, so one user's failures never block another user.

use crate::core::kit::backoff::doubled;
use crate::core::kit::time::{Instant, Millis};

/// This many recoveries within the window open the breaker.
const CYCLES: (usize, Millis) = (7, 45_000);

/// How long it then stays open.
const CYCLE_COOLDOWN: Millis = 15_000;

/// This many failed rounds (all attempts of one handshake) within the window open the breaker.
const ROUNDS: (usize, Millis) = (3, 120_000);

/// How long it then stays open: doubled at each reopening without a success, up to the cap.
const ROUND_COOLDOWN: (Millis, Millis) = (30_000, 300_000);

/// A breaker; without memory before the first failure.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Option<Box<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    cycles: Vec<Instant>,
    rounds: Vec<Instant>,
    open_until: Option<Instant>,
    openings: u32,
}

impl Breaker {
    /// Counts a recovery. Returns whether this opened the breaker.
    pub(crate) fn note_cycle(&mut self, now: Instant) -> bool {
        let memory = self.0.get_or_insert_default();
        if !overflows(&mut memory.cycles, now, CYCLES) {
            return false;
        }
        memory.open_until = Some(now.after(CYCLE_COOLDOWN));
        true
    }

    /// Counts a failed round. Returns whether this opened the breaker.
    pub(crate) fn note_failed_round(&mut self, now: Instant) -> bool {
        // Half open: the one allowed round failed, so the breaker reopens for longer.
        let memory = self.0.get_or_insert_default();
        let half_open_failed = memory.openings > 0;
        if !overflows(&mut memory.rounds, now, ROUNDS) && !half_open_failed {
            return false;
        }
        let cooldown = doubled(ROUND_COOLDOWN.0, memory.openings, ROUND_COOLDOWN.1);
        memory.openings += 1;
        memory.open_until = Some(now.after(cooldown));
        true
    }

    /// A handshake succeeded. Returns whether this closed an open breaker.
    pub(crate) fn note_success(&mut self) -> bool {
        let Some(memory) = &mut self.0 else { return false };
        memory.rounds.clear();
        memory.openings = 0;
        memory.open_until.take().is_some()
    }

    /// Until when attempts are suspended; `None` if closed or half open.
    pub(crate) fn open_until(&self, now: Instant) -> Option<Instant> {
        self.0.as_ref()?.open_until.filter(|until| *until > now)
    }
}

fn overflows(moments: &mut Vec<Instant>, now: Instant, (count, window): (usize, Millis)) -> bool {
    // `moments` is sorted.
    while moments.first().is_some_and(|moment| now.since(*moment) > window) {
        moments.remove(0);
    }
    moments.push(now);
    if moments.len() < count {
        return false;
    }
    moments.clear();
    true
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(1_000_000 + seconds * 1000)
    }

    #[test]
    fn three_failed_rounds_open_it_and_each_failed_probe_doubles_the_wait() {
        let mut breaker = Breaker::default();
        assert!(!breaker.note_failed_round(at(0)));
        assert!(!breaker.note_failed_round(at(10)));
        assert!(breaker.note_failed_round(at(20)));
        assert_eq!(breaker.open_until(at(21)), Some(at(50)));
        assert_eq!(breaker.open_until(at(51)), None, "half open");
        assert!(breaker.note_failed_round(at(51)));
        assert_eq!(breaker.open_until(at(52)), Some(at(111)));
        assert!(breaker.note_success());
        assert_eq!(breaker.open_until(at(53)), None);
    }

    #[test]
    fn slow_failures_never_open_it() {
        let mut breaker = Breaker::default();
        assert!((0..10).all(|round| !breaker.note_failed_round(at(round * 100))));
    }

    #[test]
    fn seven_recoveries_in_a_row_cool_down() {
        let mut breaker = Breaker::default();
        assert_eq!((0..7).filter(|second| breaker.note_cycle(at(*second))).count(), 1);
        assert!(breaker.open_until(at(7)).is_some());
    }
}
