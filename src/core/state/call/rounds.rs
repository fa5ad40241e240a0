//! Calls in several rounds (2026-07-28 basic/patterns/mrtr).

use crate::core::protocol::json::Json;

/// The rounds of one call.
pub(crate) struct Rounds<J> {
    /// Rounds so far.
    pub(crate) count: u32,
    /// Unanswered questions of this round.
    pub(crate) open: usize,
    /// `inputResponses` of this round.
    pub(crate) answers: Option<J>,
    /// `requestState` of this round, echoed unchanged.
    pub(crate) state: Option<J>,
}

impl<J> Default for Rounds<J> {
    fn default() -> Self {
        Self { count: 0, open: 0, answers: None, state: None }
    }
}

impl<J: Json> Rounds<J> {
    /// Whether the server has asked no question so far.
    pub(crate) const fn are_none(&self) -> bool {
        self.count == 0
    }

    /// Adds the answers of this round to a copy of the original params.
    pub(crate) fn add_to(&self, params: &mut J) {
        if let Some(answers) = &self.answers {
            params.set("inputResponses", answers.clone());
        }
        if let Some(state) = &self.state {
            params.set("requestState", state.clone());
        }
    }
}
