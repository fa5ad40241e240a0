//! The state of a session with the data that belongs to it, and its transitions: the diagram in mod.rs.

use crate::core::api::State;
use crate::core::state::session::handshake::Handshake;

/// The state of a session. A handshake exists only in the two states that make a session, and ends with them.
pub(crate) enum SessionState<J> {
    Connecting(Progress<J>),
    Ready,
    Recovering(Progress<J>),
    Degraded,
    Outage,
    Expired,
    Terminated,
    Closed,
}

/// What a session that is being made waits for.
pub(crate) enum Progress<J> {
    /// Nothing: no handshake has begun, or the last one is over.
    Idle,
    Handshake(Box<Handshake<J>>),
    /// This many calls that restore settings (log level, subscriptions, tools).
    Restoring(u32),
}

impl State {
    /// Whether this transition is allowed. The last two states are final.
    pub(crate) const fn may_become(self, to: Self) -> bool {
        match (self, to) {
            (Self::Terminated | Self::Closed, _) => false,
            (_, Self::Terminated | Self::Closed) => true,
            (Self::Connecting | Self::Recovering, Self::Expired) | (Self::Expired, Self::Ready) => false,
            (Self::Ready | Self::Degraded | Self::Recovering | Self::Outage, Self::Connecting) => false,
            (Self::Expired | Self::Degraded, Self::Outage) | (Self::Degraded, Self::Ready) => false,
            _ => true,
        }
    }

    /// The state in which a session of this state is made: a first one and one after expiry connect, all others
    /// recover.
    pub(crate) const fn of_handshake(self) -> Self {
        if matches!(self, Self::Connecting | Self::Expired) { Self::Connecting } else { Self::Recovering }
    }
}

impl<J> SessionState<J> {
    /// A state without progress in it.
    pub(crate) const fn new(name: State) -> Self {
        match name {
            State::Connecting => Self::Connecting(Progress::Idle),
            State::Ready => Self::Ready,
            State::Recovering => Self::Recovering(Progress::Idle),
            State::Degraded => Self::Degraded,
            State::Outage => Self::Outage,
            State::Expired => Self::Expired,
            State::Terminated => Self::Terminated,
            State::Closed => Self::Closed,
        }
    }

    /// The state as the owner sees it.
    pub(crate) const fn name(&self) -> State {
        match self {
            Self::Connecting(_) => State::Connecting,
            Self::Ready => State::Ready,
            Self::Recovering(_) => State::Recovering,
            Self::Degraded => State::Degraded,
            Self::Outage => State::Outage,
            Self::Expired => State::Expired,
            Self::Terminated => State::Terminated,
            Self::Closed => State::Closed,
        }
    }

    /// Enters another state, in which nothing is under way yet. `false` if the diagram has no such transition.
    pub(crate) fn enter(&mut self, to: State) -> bool {
        let is_legal = self.name().may_become(to);
        if is_legal {
            *self = Self::new(to);
        }
        is_legal
    }

    const fn progress(&self) -> Option<&Progress<J>> {
        match self {
            Self::Connecting(progress) | Self::Recovering(progress) => Some(progress),
            _ => None,
        }
    }

    const fn progress_mut(&mut self) -> Option<&mut Progress<J>> {
        match self {
            Self::Connecting(progress) | Self::Recovering(progress) => Some(progress),
            _ => None,
        }
    }

    pub(crate) fn handshake(&self) -> Option<&Handshake<J>> {
        match self.progress() {
            Some(Progress::Handshake(handshake)) => Some(handshake),
            _ => None,
        }
    }

    pub(crate) fn handshake_mut(&mut self) -> Option<&mut Handshake<J>> {
        match self.progress_mut() {
            Some(Progress::Handshake(handshake)) => Some(handshake),
            _ => None,
        }
    }

    /// Whether a handshake is under way, or waits for its next attempt.
    pub(crate) fn in_handshake(&self) -> bool {
        self.handshake().is_some()
    }

    /// Whether the settings of the client are being restored.
    pub(crate) const fn is_restoring(&self) -> bool {
        matches!(self.progress(), Some(Progress::Restoring(_)))
    }

    /// Sets what a session that is being made waits for next. No other session waits.
    pub(crate) fn go_on(&mut self, next: Progress<J>) {
        if let Some(progress) = self.progress_mut() {
            *progress = next;
        }
    }

    /// One setting was restored or failed. Returns whether it was the last.
    pub(crate) fn note_restored(&mut self) -> bool {
        match self.progress_mut() {
            Some(Progress::Restoring(left)) if *left > 1 => {
                *left -= 1;
                false
            }
            Some(progress @ Progress::Restoring(_)) => {
                *progress = Progress::Idle;
                true
            }
            _ => false,
        }
    }

    /// The settings are not awaited any more. A handshake goes on.
    pub(crate) fn stop_restoring(&mut self) {
        if self.is_restoring() {
            self.go_on(Progress::Idle);
        }
    }
}

impl<J> PartialEq<State> for SessionState<J> {
    fn eq(&self, other: &State) -> bool {
        self.name() == *other
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    const ALL: [State; 8] = [
        State::Connecting,
        State::Ready,
        State::Recovering,
        State::Degraded,
        State::Outage,
        State::Expired,
        State::Terminated,
        State::Closed,
    ];

    #[test]
    fn there_is_no_way_out_of_the_ends_and_one_into_them_from_everywhere() {
        for state in ALL {
            for end in [State::Terminated, State::Closed] {
                assert!(!end.may_become(state), "{end:?} {state:?}");
                assert_eq!(state.may_become(end), !matches!(state, State::Terminated | State::Closed), "{state:?}");
            }
        }
    }

    #[test]
    fn a_session_is_ready_only_after_a_handshake_or_an_outage() {
        let before: Vec<_> =
            ALL.into_iter().filter(|state| state.may_become(State::Ready) && *state != State::Ready).collect();
        assert_eq!(before, [State::Connecting, State::Recovering, State::Outage]);
        let before: Vec<_> = ALL.into_iter().filter(|state| state.may_become(State::Connecting)).collect();
        assert_eq!(before, [State::Connecting, State::Expired], "a session that lived is recovered");
    }

    #[test]
    fn a_handshake_begins_in_a_state_that_may_be_entered() {
        for state in ALL {
            let to = state.of_handshake();
            let is_final = matches!(state, State::Terminated | State::Closed);
            assert_eq!(state == to || state.may_become(to), !is_final, "{state:?}");
        }
    }

    #[test]
    fn a_handshake_exists_only_while_a_session_is_made_and_ends_with_that() {
        for name in ALL {
            let mut state = SessionState::<()>::new(name);
            assert!(state == name && !state.in_handshake());
            state.go_on(Progress::Handshake(Box::default()));
            let is_made = matches!(name, State::Connecting | State::Recovering);
            assert_eq!(state.in_handshake(), is_made, "{name:?}");
            assert_eq!(state.handshake_mut().is_some(), is_made, "{name:?}");
            state.stop_restoring();
            assert_eq!(state.in_handshake(), is_made, "it does not end with the restoration of a former session");
            for to in ALL.into_iter().filter(|to| *to != name) {
                let mut state = SessionState::<()>::new(name);
                state.go_on(Progress::Handshake(Box::default()));
                let is_legal = state.enter(to);
                assert_eq!((is_legal, state.name()), (name.may_become(to), if is_legal { to } else { name }));
                assert_eq!(state.in_handshake(), is_made && !is_legal, "{name:?} {to:?}");
            }
        }
    }

    #[test]
    fn a_session_is_restored_with_the_last_of_its_settings() {
        let mut state = SessionState::<()>::new(State::Recovering);
        assert!(!state.note_restored(), "none is awaited");
        state.go_on(Progress::Restoring(2));
        assert!(state.is_restoring() && !state.in_handshake());
        assert_eq!([state.note_restored(), state.note_restored()], [false, true]);
        state.go_on(Progress::Restoring(1));
        state.stop_restoring();
        assert!(!state.is_restoring() && !state.note_restored());
    }
}
