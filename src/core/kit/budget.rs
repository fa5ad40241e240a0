//! The budget of automatic retries of a session.

/// The session's budget of automatic retries after an unknown outcome: 20 at first, one more for every five responses.
/// A retry that is answered costs nothing. Without it, a thousand callers of a failing server would double its load.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    fifths: u32,
}

impl Budget {
    const FULL: u32 = 20 * 5;

    /// A response arrived: earns a fifth of a retry, or the one that brought it.
    pub const fn earn(&mut self, is_retry: bool) {
        self.fifths += if is_retry { 5 } else { 1 };
        if self.fifths > Self::FULL {
            self.fifths = Self::FULL;
        }
    }

    /// Takes one retry; `false` if none is left.
    pub const fn spend(&mut self) -> bool {
        if self.fifths < 5 {
            return false;
        }
        self.fifths -= 5;
        true
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { fifths: Self::FULL }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_spent_and_earned_back() {
        let mut budget = Budget::default();
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 20);
        (0..5).for_each(|_| budget.earn(false));
        assert!(budget.spend());
        assert!(!budget.spend());
        budget.earn(true);
        assert!(budget.spend());
        assert!(!budget.spend());
    }
}
