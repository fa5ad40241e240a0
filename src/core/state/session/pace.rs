//! The pace of a session: the pause that its server has asked for, the canary after it, and how many calls go at once.

use crate::core::api::CallId;
use crate::core::kit::backoff::Budget;
use crate::core::kit::time::Instant;

/// So many calls go at once when an outage ends; the number doubles with each answer.
const FIRST_WINDOW: usize = 8;

/// How fast the calls of a session go.
pub(crate) struct Pace {
    /// The server said when to come back: nothing is sent before.
    paused_until: Option<Instant>,
    canary: Canary,
    /// So many calls at once.
    window: usize,
    budget: Budget,
}

/// After a pause one call goes first; the others follow when it was not refused.
#[derive(Clone, Copy)]
enum Canary {
    /// There was no pause, or it is over.
    None,
    /// The next call is the one.
    Wanted,
    /// It was sent.
    Sent(CallId),
}

impl Default for Pace {
    fn default() -> Self {
        Self { paused_until: None, canary: Canary::None, window: usize::MAX, budget: Budget::default() }
    }
}

impl Pace {
    /// The server wants to be left alone until then. Returns whether that is later than was known.
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

    /// Ends the pause, if its time has come.
    pub(crate) fn resume(&mut self, now: Instant) -> bool {
        let ends = self.paused_until.is_some_and(|until| until <= now);
        if ends {
            self.paused_until = None;
        }
        ends
    }

    /// Whether one more call may go beside so many. The machine's own have no limit (`most` is `None`): calls that hold all
    /// places may be waiting for the answer.
    pub(crate) fn has_room(&self, active: usize, most: Option<usize>) -> bool {
        match (self.canary, most) {
            (Canary::Wanted, _) | (Canary::None, None) => true,
            (Canary::Sent(_), _) => false,
            (Canary::None, Some(most)) => active < most.min(self.window),
        }
    }

    /// A call goes.
    pub(crate) fn note_sent(&mut self, call: CallId) {
        if matches!(self.canary, Canary::Wanted) {
            self.canary = Canary::Sent(call);
        }
    }

    /// A call ended, or goes back into the queue. If it was the canary, the others follow; or the next one is the canary.
    pub(crate) fn note_over(&mut self, call: CallId, taken: bool) {
        if matches!(self.canary, Canary::Sent(canary) if canary == call) {
            self.canary = if taken { Canary::None } else { Canary::Wanted };
        }
    }

    /// Another generation begins: its server has asked for nothing.
    pub(crate) fn start_anew(&mut self) {
        self.paused_until = None;
        self.canary = Canary::None;
    }

    /// An outage is over: a few calls go at once, and more with each answer.
    pub(crate) fn narrow(&mut self) {
        self.window = FIRST_WINDOW;
    }

    /// An answer came: twice as many calls go at once, up to the limit.
    pub(crate) fn widen(&mut self, most: usize) {
        self.window = if self.window < most { self.window * 2 } else { usize::MAX };
    }

    /// An answer that a caller waited for pays for a fifth of a replay.
    pub(crate) fn earn(&mut self) {
        self.budget.earn();
    }

    /// Whether there is a replay left.
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
    fn a_canary_that_is_told_to_wait_is_still_the_canary() {
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
        pace.start_anew();
        assert!(!pace.is_paused(Instant::default()) && pace.has_room(5, Some(64)));
    }
}
