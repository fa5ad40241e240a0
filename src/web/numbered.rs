//! A map by number, for numbers that are handed out in order and mostly given back in order.
//!
//! Not a `BTreeMap`: each type of one adds some 5 KB to what a page downloads. Finding is a binary search; inserting
//! and removing are cheap near both ends, which is where the newest and the longest running are.

use std::collections::VecDeque;

/// Values by number.
pub(super) struct Numbered<T>(VecDeque<(u64, T)>);

impl<T> Numbered<T> {
    pub(super) const fn new() -> Self {
        Self(VecDeque::new())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, number: u64) -> Option<&T> {
        self.0.get(self.find(number).ok()?).map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let found = self.find(number).ok()?;
        self.0.get_mut(found).map(|(_, value)| value)
    }

    /// Sets the value of `number`; the one before, if there was one.
    pub(super) fn insert(&mut self, number: u64, value: T) -> Option<T> {
        match self.find(number) {
            Ok(found) => self.0.get_mut(found).map(|(_, old)| std::mem::replace(old, value)),
            Err(place) => {
                self.0.insert(place, (number, value));
                None
            }
        }
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<T> {
        let found = self.find(number).ok()?;
        self.0.remove(found).map(|(_, value)| value)
    }

    pub(super) fn retain(&mut self, keep: impl Fn(u64) -> bool) {
        self.0.retain(|(number, _)| keep(*number));
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        self.0.into_iter().map(|(_, value)| value)
    }

    fn find(&self, number: u64) -> Result<usize, usize> {
        // The newest is asked for most.
        if self.0.back().is_none_or(|(last, _)| *last < number) {
            return Err(self.0.len());
        }
        self.0.binary_search_by_key(&number, |(number, _)| *number)
    }
}
