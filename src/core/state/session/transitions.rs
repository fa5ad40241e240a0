//! The state of a session with the data that belongs to it, and its transitions: the diagram in mod.rs.

use crate::core::api::State;
use crate::core::state::session::handshake::Handshake;
use crate::core::state::session::recovery::Degraded;

/// The state of a session. What exists in one state only is inside it, and ends with it.
pub(crate) enum SessionState<J> {
    /// With the handshake that is under way or waits for its next attempt: a new record has none yet, and neither has a
    /// session whose settings are being restored.
    Connecting(Option<Box<Handshake<J>>>),
    Ready,
    /// With the same.
    Recovering(Option<Box<Handshake<J>>>),
    Degraded(Box<Degraded<J>>),
    Outage,
    Expired,
    Terminated,
    Closed,
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
}

impl<J> SessionState<J> {
    /// The state as the owner sees it.
    pub(crate) const fn name(&self) -> State {
        match self {
            Self::Connecting(_) => State::Connecting,
            Self::Ready => State::Ready,
            Self::Recovering(_) => State::Recovering,
            Self::Degraded(_) => State::Degraded,
            Self::Outage => State::Outage,
            Self::Expired => State::Expired,
            Self::Terminated => State::Terminated,
            Self::Closed => State::Closed,
        }
    }

    /// Enters another state, or the same one with other data. `false` if the diagram has no such transition.
    pub(crate) fn enter(&mut self, to: Self) -> bool {
        let is_legal = self.name().may_become(to.name());
        if is_legal {
            *self = to;
        }
        is_legal
    }

    /// The state with a new handshake: a first session and one after expiry connect, all others recover.
    pub(crate) fn with(&self, handshake: Handshake<J>) -> Self {
        let handshake = Some(Box::new(handshake));
        match self {
            Self::Connecting(_) | Self::Expired => Self::Connecting(handshake),
            _ => Self::Recovering(handshake),
        }
    }

    /// The failed recovery, in the state that follows it.
    pub(crate) fn degraded(&self) -> Option<&Degraded<J>> {
        match self {
            Self::Degraded(degraded) => Some(degraded),
            _ => None,
        }
    }

    #[inline(never)]
    pub(crate) fn handshake(&self) -> Option<&Handshake<J>> {
        match self {
            Self::Connecting(handshake) | Self::Recovering(handshake) => handshake.as_deref(),
            _ => None,
        }
    }

    #[inline(never)]
    pub(crate) fn handshake_mut(&mut self) -> Option<&mut Handshake<J>> {
        match self {
            Self::Connecting(handshake) | Self::Recovering(handshake) => handshake.as_deref_mut(),
            _ => None,
        }
    }

    /// Whether a handshake is under way, or waits for its next attempt.
    pub(crate) fn in_handshake(&self) -> bool {
        self.handshake().is_some()
    }

    /// The handshake is over. The state goes on until the settings are restored.
    #[inline(never)]
    pub(crate) fn end_handshake(&mut self) {
        if let Self::Connecting(handshake) | Self::Recovering(handshake) = self {
            *handshake = None;
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
    use crate::core::api::Error;
    use crate::core::kit::time::Instant;
    use crate::core::protocol::error_code::ErrorCode;

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

    /// A state of this name, with a handshake where there can be one.
    fn state(name: State) -> SessionState<()> {
        let handshake = Some(Box::default());
        let error = Error::new(ErrorCode::HttpError, "502");
        match name {
            State::Connecting => SessionState::Connecting(handshake),
            State::Ready => SessionState::Ready,
            State::Recovering => SessionState::Recovering(handshake),
            State::Degraded => SessionState::Degraded(Box::new(Degraded {
                retry_at: Instant::default(),
                canary_at: Instant::default(),
                error,
            })),
            State::Outage => SessionState::Outage,
            State::Expired => SessionState::Expired,
            State::Terminated => SessionState::Terminated,
            State::Closed => SessionState::Closed,
        }
    }

    #[test]
    fn a_handshake_may_begin_in_every_state_but_the_ends() {
        for name in ALL {
            let next = state(name).with(Handshake::default());
            assert!(next.in_handshake());
            let is_final = matches!(name, State::Terminated | State::Closed);
            assert_eq!(state(name).enter(next), !is_final, "{name:?}");
        }
        assert!(state(State::Expired).with(Handshake::default()) == State::Connecting);
        assert!(state(State::Degraded).with(Handshake::default()) == State::Recovering);
    }

    #[test]
    fn data_ends_with_its_state_and_stays_if_the_diagram_refuses_the_next() {
        for (from, to) in ALL.into_iter().flat_map(|from| ALL.map(|to| (from, to))) {
            let mut current = state(from);
            let is_legal = current.enter(state(to));
            assert_eq!((is_legal, current.name()), (from.may_become(to), if is_legal { to } else { from }));
            let name = current.name();
            assert_eq!(
                current.in_handshake(),
                matches!(name, State::Connecting | State::Recovering),
                "{from:?} {to:?}"
            );
            assert_eq!(current.degraded().is_some(), name == State::Degraded, "{from:?} {to:?}");
            current.end_handshake();
            assert!(!current.in_handshake() && current.handshake_mut().is_none() && current == name);
        }
    }
}
