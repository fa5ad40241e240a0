//! A server out of reach, as one session sees it.

use crate::core::api::Error;
use crate::core::kit::time::{Instant, Millis};

/// A server out of reach, as one session sees it.
pub(crate) struct Outage<J> {
    since: Instant,
    /// The first canary failed, so it is an outage and not one slow tool behind an impatient proxy.
    announced: bool,
    /// When the next canary goes; none while one is under way. Once the attempts are spent: when it may go at the earliest.
    next: Option<Instant>,
    canaries: Canaries,
    /// The session was lost before the outage: the canary is a handshake.
    lost: bool,
    /// A page may not see the answers, so a handshake may tell more than a ping.
    hidden: bool,
    /// A ping without the session's id was answered readably, after the browser hid the answer to one with it.
    shown: bool,
    /// What waiting calls are told if it does not end.
    error: Error<J>,
}

/// How many canaries have failed.
enum Canaries {
    /// So many of the attempts.
    Trying(u32),
    /// All of them, and after the last so many rounds, one for each call that came.
    Spent {
        rounds: u32,
        /// When a session that was lost is tried without a call.
        by_itself: Option<Instant>,
    },
}

/// What follows from a canary that failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Another one goes, after the delay that so many failures before it are worth.
    Again(u32),
    /// It was the last attempt. `hidden`: only a handshake can tell a server that is down from one whose errors have no CORS
    /// headers.
    Last { hidden: bool },
    /// The attempts were spent: so many rounds have failed since.
    Round(u32),
}

impl<J> Outage<J> {
    pub(crate) fn new(since: Instant, mut error: Error<J>) -> Self {
        error.retryable = true;
        let (announced, next, canaries) = (false, None, Canaries::Trying(0));
        Self { since, announced, next, canaries, lost: false, hidden: false, shown: false, error }
    }

    /// Whether there is no session to come back to.
    pub(crate) const fn is_lost(&self) -> bool {
        self.lost
    }

    /// Whether the attempts are spent.
    pub(crate) const fn is_spent(&self) -> bool {
        matches!(self.canaries, Canaries::Spent { .. })
    }

    /// Whether the listeners know of it.
    pub(crate) const fn is_announced(&self) -> bool {
        self.announced
    }

    /// The listeners are told. Returns whether they were not before.
    pub(crate) const fn announce(&mut self) -> bool {
        !std::mem::replace(&mut self.announced, true)
    }

    pub(crate) const fn error(&self) -> &Error<J> {
        &self.error
    }

    /// How long it has lasted.
    pub(crate) fn span(&self, now: Instant) -> Millis {
        now.since(self.since)
    }

    /// A canary goes.
    pub(crate) const fn note_sent(&mut self) {
        self.next = None;
    }

    /// When the next canary goes, or may go.
    pub(crate) const fn next(&self) -> Option<Instant> {
        self.next
    }

    /// The next canary goes then.
    pub(crate) const fn rest(&mut self, until: Instant) {
        self.next = Some(until);
    }

    /// Whether a canary goes now: while attempts are left by itself, then for a call, or at long intervals.
    pub(crate) fn is_due(&self, now: Instant, is_wanted: bool) -> bool {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let goes = match self.canaries {
            Canaries::Trying(_) => true,
            Canaries::Spent { by_itself, .. } => is_wanted || is_due(by_itself),
        };
        goes && is_due(self.next)
    }

    /// The browser hid the answer to a ping with the session's id. Returns whether it showed the one without, before.
    pub(crate) const fn note_hidden(&mut self) -> bool {
        self.hidden = true;
        std::mem::replace(&mut self.shown, false)
    }

    /// It showed the answer to a ping without the id.
    pub(crate) const fn note_shown(&mut self) {
        self.shown = true;
    }

    /// A canary failed.
    pub(crate) fn note_failed(&mut self, attempts: u32) -> Failed {
        self.shown = false;
        match &mut self.canaries {
            Canaries::Spent { rounds, .. } => Failed::Round(*rounds + 1),
            Canaries::Trying(failures) if *failures < attempts => {
                *failures += 1;
                Failed::Again(*failures - 1)
            }
            Canaries::Trying(_) => {
                self.canaries = Canaries::Spent { rounds: 0, by_itself: None };
                Failed::Last { hidden: self.hidden }
            }
        }
    }

    /// A handshake could not reach the server: how many rounds have failed by now.
    pub(crate) const fn note_lost(&mut self) -> u32 {
        self.lost = true;
        match self.canaries {
            Canaries::Trying(_) => 0,
            Canaries::Spent { rounds, .. } => rounds + 1,
        }
    }

    /// A round failed: a call may try again at `next`, and a lost session is tried `by_itself` then.
    pub(crate) const fn fail_round(&mut self, rounds: u32, next: Instant, by_itself: Option<Instant>) {
        self.canaries = Canaries::Spent { rounds, by_itself };
        self.next = Some(next);
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::core::protocol::error_code::ErrorCode;

    const NOW: Instant = Instant::from_millis(1_000);

    fn outage() -> Outage<()> {
        Outage::new(Instant::from_millis(400), Error::new(ErrorCode::HttpError, "502"))
    }

    #[test]
    fn attempts_go_by_themselves_and_rounds_for_calls_alone() {
        let mut outage = outage();
        assert_eq!(
            [(); 3].map(|()| outage.note_failed(2)),
            [Failed::Again(0), Failed::Again(1), Failed::Last { hidden: false }]
        );
        assert_eq!(outage.note_failed(2), Failed::Round(1));
        outage.fail_round(1, NOW, None);
        assert!(outage.is_spent() && outage.is_due(NOW, true));
        assert!(!outage.is_due(NOW, false), "no call wants it");
        assert_eq!(outage.note_failed(2), Failed::Round(2));
    }

    #[test]
    fn a_lost_session_is_tried_without_a_call_at_long_intervals() {
        let mut outage = outage();
        assert_eq!(outage.note_lost(), 0);
        outage.fail_round(0, NOW, Some(NOW.after(30_000)));
        assert!(outage.is_lost() && !outage.is_due(NOW, false));
        assert!(outage.is_due(NOW.after(30_000), false));
        assert_eq!(outage.note_lost(), 1);
    }

    #[test]
    fn one_canary_is_under_way_at_a_time() {
        let mut outage = outage();
        outage.rest(NOW);
        assert!(outage.is_due(NOW, false) && !outage.is_due(Instant::from_millis(999), true));
        outage.note_sent();
        assert!(!outage.is_due(NOW, true), "none goes beside it");
    }

    #[test]
    fn an_id_is_hidden_only_between_two_pings_that_are() {
        let mut outage = outage();
        assert!(!outage.note_hidden());
        outage.note_shown();
        assert!(outage.note_hidden(), "hidden, shown without the id, hidden again");
        outage.note_shown();
        outage.note_failed(3);
        assert!(!outage.note_hidden(), "a failure in between proves nothing");
    }

    #[test]
    fn it_is_announced_once_and_its_error_can_be_retried() {
        let mut outage = outage();
        assert!(outage.announce() && !outage.announce() && outage.is_announced());
        assert!(outage.error().retryable);
        assert_eq!(outage.span(NOW), 600);
    }
}
