//! The pace of a session: pauses, the canary after a pause, and the number of concurrent calls.

use crate::core::api::CallId;
use crate::core::kit::budget::Budget;
use crate::core::kit::time::Instant;

/// Concurrent calls at the end of an outage. Each answer doubles the number.
const FIRST_WINDOW: usize = 8;

/// The pace of a session's calls.
pub(crate) struct Pace {
    /// `Retry-After`: nothing is sent before this instant.
    paused_until: Option<Instant>,
    canary: Canary,
    /// Limit of concurrent calls.
    window: usize,
    budget: Budget,
}

/// After a pause one call goes first. The others follow unless it is refused.
#[derive(Clone, Copy)]
enum Canary {
    /// No pause.
    None,
    /// The next call becomes the canary.
    Wanted,
    /// The canary is in flight.
    Sent(CallId),
}

impl Default for Pace {
    fn default() -> Self {
        Self { paused_until: None, canary: Canary::None, window: usize::MAX, budget: Budget::default() }
    }
}

impl Pace {
    /// Pauses the session. Returns whether this extends the pause.
    pub(crate) fn pause(&mut self, until: Instant) -> bool {
        if matches!(self.canary, Canary::None) {
            self.canary = Canary::Wanted;
        }
        if self.paused_until.is_some_and(|known| known >= until) {
            return false;
        }
        self.paused_until = Some(until);
        true
    }

    pub(crate) fn is_paused(&self, now: Instant) -> bool {
        self.paused_until.is_some_and(|until| until > now)
    }

    /// Ends the pause if it is over.
    pub(crate) fn resume(&mut self, now: Instant) -> bool {
        let ends = self.paused_until.is_some_and(|until| until <= now);
        if ends {
            self.paused_until = None;
        }
        ends
    }

    /// Whether there is room for another call next to `active` ones. The machine's own are not limited (`most` is
    /// `None`), because calls that use up all room may wait for their result.
    pub(crate) fn has_room(&self, active: usize, most: Option<usize>) -> bool {
        match (self.canary, most) {
            (Canary::Wanted, _) | (Canary::None, None) => true,
            (Canary::Sent(_), _) => false,
            (Canary::None, Some(most)) => active < most.min(self.window),
        }
    }

    /// A call is sent.
    pub(crate) fn note_sent(&mut self, call: CallId) {
        if matches!(self.canary, Canary::Wanted) {
            self.canary = Canary::Sent(call);
        }
    }

    /// A call ended or is queued again. After a successful canary the others follow; otherwise the next call is the
    /// canary.
    pub(crate) fn note_over(&mut self, call: CallId, taken: bool) {
        if matches!(self.canary, Canary::Sent(canary) if canary == call) {
            self.canary = if taken { Canary::None } else { Canary::Wanted };
        }
    }

    /// Resets the pace for a new generation.
    pub(crate) fn start_generation(&mut self) {
        self.paused_until = None;
        self.canary = Canary::None;
    }

    /// After an outage: few concurrent calls, more with each answer.
    pub(crate) fn narrow(&mut self) {
        self.window = FIRST_WINDOW;
    }

    /// After an answer: doubles the limit, up to `most`.
    pub(crate) fn widen(&mut self, most: usize) {
        self.window = if self.window < most { self.window * 2 } else { usize::MAX };
    }

    /// An answer to a caller adds a fifth of a replay to the budget; to a replay, what it took.
    pub(crate) fn earn(&mut self, is_replay: bool) {
        self.budget.earn(is_replay);
    }

    /// Takes one replay from the budget, if there is one.
    pub(crate) fn spend(&mut self) -> bool {
        self.budget.spend()
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    const LATER: Instant = Instant::from_millis(100);

    #[test]
    fn after_a_pause_one_call_goes_and_the_others_follow_when_it_was_taken() {
        let mut pace = Pace::default();
        assert!(pace.pause(LATER));
        assert!(!pace.pause(Instant::from_millis(50)), "a shorter pause changes nothing");
        assert!(pace.is_paused(Instant::from_millis(99)) && !pace.resume(Instant::from_millis(99)));
        assert!(pace.resume(LATER) && !pace.is_paused(LATER));
        pace.note_sent(CallId(1));
        assert!(!pace.has_room(1, Some(64)) && !pace.has_room(1, None));
        pace.note_over(CallId(2), true);
        assert!(!pace.has_room(1, Some(64)), "another call says nothing");
        pace.note_over(CallId(1), false);
        pace.note_sent(CallId(3));
        pace.note_over(CallId(3), true);
        pace.note_sent(CallId(4));
        assert!(pace.has_room(1, Some(64)));
    }

    #[test]
    fn a_canary_that_is_paused_is_still_the_canary() {
        let mut pace = Pace::default();
        pace.pause(LATER);
        pace.note_sent(CallId(1));
        assert!(pace.pause(LATER.after(1)));
        assert!(!pace.has_room(0, Some(64)));
        pace.note_over(CallId(1), false);
        assert!(pace.has_room(0, Some(64)));
    }

    #[test]
    fn after_an_outage_the_window_doubles_up_to_the_limit() {
        let mut pace = Pace::default();
        pace.narrow();
        let mut sizes = Vec::new();
        for _ in 0..4 {
            sizes.push((0..).find(|active| !pace.has_room(*active, Some(20))).unwrap());
            pace.widen(20);
        }
        assert_eq!(sizes, [8, 16, 20, 20]);
        assert!(!pace.has_room(20, Some(20)) && pace.has_room(20, None));
    }

    #[test]
    fn a_new_generation_is_asked_for_no_pause() {
        let mut pace = Pace::default();
        pace.pause(LATER);
        pace.note_sent(CallId(1));
        pace.start_generation();
        assert!(!pace.is_paused(Instant::default()) && pace.has_room(5, Some(64)));
    }
}
