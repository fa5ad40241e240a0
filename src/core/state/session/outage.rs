//! An outage, as one session sees it.

use crate::core::api::Error;
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::error_code::ErrorCode;

/// An outage, as one session sees it.
pub(crate) struct Outage<J> {
    since: Instant,
    /// The first canary failed, so this is an outage and not one slow tool behind a proxy timeout.
    announced: bool,
    /// When the next canary is sent; `None` during one. After the attempts: the earliest time of the next.
    next: Option<Instant>,
    canaries: Canaries,
    /// Whether the session was lost before the outage. The canary then is a handshake.
    lost: bool,
    /// Whether CORS hides the responses in a page. A handshake may then show more than a ping.
    hidden: bool,
    /// Whether a ping without the session id was readable after the browser hid the response to one with it.
    shown: bool,
    /// The error for waiting calls if the outage continues.
    error: Error<J>,
}

/// How many canaries have failed.
enum Canaries {
    /// Failed attempts so far.
    Trying(u32),
    /// All attempts failed, and this many rounds after them, one per call.
    Spent {
        rounds: u32,
        /// When a lost session is retried without a call.
        by_itself: Option<Instant>,
    },
}

/// The consequence of a failed canary.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Another canary, after the backoff for this many failures.
    Again(u32),
    /// The last attempt failed. `hidden`: only a handshake can distinguish an unreachable server from one whose errors
    /// lack CORS headers.
    Last { hidden: bool },
    /// After the attempts: the number of failed rounds.
    Round(u32),
}

impl<J> Outage<J> {
    pub(crate) fn new(since: Instant, error: Error<J>) -> Self {
        let (announced, next, canaries) = (false, None, Canaries::Trying(0));
        Self { since, announced, next, canaries, lost: false, hidden: false, shown: false, error: shared(error) }
    }

    /// Whether the session was lost before the outage.
    pub(crate) const fn is_lost(&self) -> bool {
        self.lost
    }

    /// Whether all attempts have failed.
    pub(crate) const fn is_spent(&self) -> bool {
        matches!(self.canaries, Canaries::Spent { .. })
    }

    /// Whether `outageStarted` was emitted.
    pub(crate) const fn is_announced(&self) -> bool {
        self.announced
    }

    /// Marks the outage as reported. Returns whether it was not before.
    pub(crate) const fn announce(&mut self) -> bool {
        !std::mem::replace(&mut self.announced, true)
    }

    pub(crate) const fn error(&self) -> &Error<J> {
        &self.error
    }

    /// The duration so far.
    pub(crate) fn span(&self, now: Instant) -> Millis {
        now.since(self.since)
    }

    /// A canary is sent.
    pub(crate) const fn note_sent(&mut self) {
        self.next = None;
    }

    /// When the next canary is sent, or may be.
    pub(crate) const fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Plans the next canary.
    pub(crate) const fn back_off(&mut self, until: Instant) {
        self.next = Some(until);
    }

    /// Whether to send a canary now: on schedule while attempts are left, later only for a call or at long intervals.
    pub(crate) fn is_due(&self, now: Instant, is_wanted: bool) -> bool {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let goes = match self.canaries {
            Canaries::Trying(_) => true,
            Canaries::Spent { by_itself, .. } => is_wanted || is_due(by_itself),
        };
        goes && is_due(self.next)
    }

    /// The browser hid the response to a ping with the session id. Returns whether one without the id was readable
    /// before.
    pub(crate) const fn note_hidden(&mut self) -> bool {
        self.hidden = true;
        std::mem::replace(&mut self.shown, false)
    }

    /// A ping did not reach the server, so what the browser hid before came from a proxy or another moment.
    pub(crate) fn note_away(&mut self, error: Error<J>) {
        self.error = shared(error);
        self.hidden = false;
    }

    /// A ping without the id was readable.
    pub(crate) const fn note_shown(&mut self) {
        self.shown = true;
    }

    /// Counts a failed canary.
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

    /// A handshake could not reach the server. Returns the number of failed rounds.
    pub(crate) const fn note_lost(&mut self) -> u32 {
        self.lost = true;
        match self.canaries {
            Canaries::Trying(_) => 0,
            Canaries::Spent { rounds, .. } => rounds + 1,
        }
    }

    /// A round failed: a call may retry from `next` on, and a lost session is retried at `by_itself`.
    pub(crate) const fn fail_round(&mut self, rounds: u32, next: Instant, by_itself: Option<Instant>) {
        self.canaries = Canaries::Spent { rounds, by_itself };
        self.next = Some(next);
    }
}

/// The error of one request as that of all waiting calls: some of them were sent, others not.
fn shared<J>(mut error: Error<J>) -> Error<J> {
    error.retryable = true;
    if error.code == ErrorCode::NetworkError {
        error.message = String::from("the server could not be reached");
    }
    error
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

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
        outage.back_off(NOW);
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
