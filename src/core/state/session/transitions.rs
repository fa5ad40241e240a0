//! State transitions: the diagram in mod.rs.

use crate::core::api::State;

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
}
