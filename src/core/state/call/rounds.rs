//! Where a call in several rounds stands (2026-07-28 basic/patterns/mrtr).

use crate::core::protocol::json::Json;

/// Where a call in several rounds stands.
pub(crate) struct Rounds<J> {
    /// How many rounds there were.
    pub(crate) count: u32,
    /// Questions of this round that are not answered yet.
    pub(crate) open: usize,
    /// `inputResponses` of this round.
    pub(crate) answers: Option<J>,
    /// `requestState` of this round, to be echoed as it came.
    pub(crate) state: Option<J>,
}

impl<J> Default for Rounds<J> {
    fn default() -> Self {
        Self { count: 0, open: 0, answers: None, state: None }
    }
}

impl<J: Json> Rounds<J> {
    /// Whether this is a request of one round so far.
    pub(crate) const fn are_none(&self) -> bool {
        self.count == 0
    }

    /// Adds what the next round has to say to a copy of the original params.
    pub(crate) fn add_to(&self, params: &mut J) {
        if let Some(answers) = &self.answers {
            params.set("inputResponses", answers.clone());
        }
        if let Some(state) = &self.state {
            params.set("requestState", state.clone());
        }
    }
}
