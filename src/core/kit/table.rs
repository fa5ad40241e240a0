//! Ordered tables by number and by name, designed for a small module: the generic code is thin, and all ordering is in
//! one type ([`Index`]), which maps to slots of a plain vector.

use crate::core::kit::index::Index;
use std::marker::PhantomData;

/// An identifier that is a number, such as that of an exchange, a call or a record.
pub(crate) trait Number: Copy {
    /// The identifier as a number.
    fn number(self) -> u64;
    /// The number as an identifier.
    fn of(number: u64) -> Self;
}

impl Number for u64 {
    fn number(self) -> u64 {
        self
    }
    fn of(number: u64) -> Self {
        number
    }
}

/// A map from identifiers to values, in the order of the numbers.
///
/// Values are boxed so that the code does not depend on their size: all tables share one copy of it.
pub(crate) struct Table<K, T> {
    index: Index,
    slots: Vec<Option<Box<T>>>,
    free: Vec<usize>,
    kind: PhantomData<K>,
}

impl<K, T> Default for Table<K, T> {
    fn default() -> Self {
        Self { index: Index::default(), slots: Vec::new(), free: Vec::new(), kind: PhantomData }
    }
}

impl<K: Number, T> Table<K, T> {
    /// Inserts or replaces `value` under `key`.
    pub(crate) fn insert(&mut self, key: K, value: T) {
        drop(self.put(key, Box::new(value)));
    }

    /// Removes and returns the value under `key`.
    pub(crate) fn remove(&mut self, key: K) -> Option<T> {
        self.take(key).map(|value| *value)
    }

    #[inline(never)]
    fn put(&mut self, key: K, value: Box<T>) -> Option<Box<T>> {
        let slot = self.slot(key).or_else(|| self.free.pop()).unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        self.index.insert((0, key.number()), slot as u64);
        self.slots.get_mut(slot)?.replace(value)
    }

    #[inline(never)]
    fn take(&mut self, key: K) -> Option<Box<T>> {
        let slot = self.index.remove((0, key.number()))? as usize;
        self.free.push(slot);
        self.slots.get_mut(slot)?.take()
    }

    pub(crate) fn get(&self, key: K) -> Option<&T> {
        self.at(self.slot(key)?)
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut T> {
        let slot = self.slot(key)?;
        self.slots.get_mut(slot)?.as_deref_mut()
    }

    pub(crate) fn contains(&self, key: K) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// All entries, in the order of the numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &T)> {
        self.from(0)
    }

    /// All entries from number `first` on.
    pub(crate) fn from(&self, first: u64) -> impl Iterator<Item = (K, &T)> {
        self.index.from((0, first)).filter_map(|((_, number), slot)| Some((K::of(number), self.at(slot as usize)?)))
    }

    /// The identifiers of the values that `wanted` selects. All tables share one copy of the loop.
    pub(crate) fn keys_where(&self, wanted: &dyn Fn(&T) -> bool) -> Vec<K> {
        let mut keys = Vec::new();
        for (key, value) in self.iter() {
            if wanted(value) {
                keys.push(key);
            }
        }
        keys
    }

    fn slot(&self, key: K) -> Option<usize> {
        self.index.get((0, key.number())).map(|slot| slot as usize)
    }

    fn at(&self, slot: usize) -> Option<&T> {
        self.slots.get(slot)?.as_deref()
    }
}

/// An ordered set of identifiers.
pub(crate) struct Set<K> {
    index: Index,
    kind: PhantomData<K>,
}

impl<K> Default for Set<K> {
    fn default() -> Self {
        Self { index: Index::default(), kind: PhantomData }
    }
}

impl<K: Number> Set<K> {
    pub(crate) fn insert(&mut self, key: K) {
        self.index.insert((0, key.number()), 0);
    }

    pub(crate) fn remove(&mut self, key: K) {
        self.index.remove((0, key.number()));
    }

    /// Frees the memory of an empty set.
    pub(crate) fn shrink(&mut self) {
        self.index.shrink();
    }

    pub(crate) fn contains(&self, key: K) -> bool {
        self.index.get((0, key.number())).is_some()
    }

    /// The first identifier at or above `number`.
    pub(crate) fn first_from(&self, number: u64) -> Option<K> {
        self.index.from((0, number)).next().map(|((_, found), _)| K::of(found))
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    pub(crate) fn to_vec(&self) -> Vec<K> {
        let mut keys = Vec::new();
        for ((_, number), _) in self.index.from((0, 0)) {
            keys.push(K::of(number));
        }
        keys
    }

    pub(crate) fn take_all(&mut self) -> Vec<K> {
        std::mem::take(self).to_vec()
    }
}

/// A small map by name, as a sorted vector.
#[derive(Clone, Debug)]
pub struct Named<T>(Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<(String, T)> for Named<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(entries: I) -> Self {
        let mut named = Self::default();
        for (name, value) in entries {
            named.insert(name, value);
        }
        named
    }
}

impl<T> Named<T> {
    /// Inserts or replaces `value` under `name`.
    pub fn insert(&mut self, name: impl Into<String>, value: T) {
        let name = name.into();
        match self.find(&name) {
            Ok(at) => {
                if let Some(entry) = self.0.get_mut(at) {
                    entry.1 = value;
                }
            }
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// Removes and returns the value under `name`.
    pub fn remove(&mut self, name: &str) -> Option<T> {
        self.find(name).ok().map(|at| self.0.remove(at).1)
    }

    /// The value under `name`.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.get(self.find(name).ok()?).map(|entry| &entry.1)
    }

    /// All entries, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The number of entries.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Removes all entries except those whose name is `wanted`.
    pub fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.0.retain(|(name, _)| wanted(name));
    }

    /// Whether there are no entries.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names and values as a vector.
    pub fn into_entries(self) -> Vec<(String, T)> {
        self.0
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|entry| entry.0.as_str().cmp(name))
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn a_table_reuses_its_slots_and_keeps_its_order() {
        let mut table: Table<u64, &str> = Table::default();
        table.insert(5, "five");
        table.insert(1, "one");
        assert_eq!(table.remove(5), Some("five"));
        table.insert(9, "nine");
        assert_eq!(table.slots.len(), 2);
        assert_eq!(table.iter().map(|(key, _)| key).collect::<Vec<_>>(), [1, 9]);
        assert_eq!(table.from(2).count(), 1);
        assert_eq!(table.get(5), None);
        assert_eq!(table.remove(5), None);
    }

    #[test]
    fn names_are_found_and_replaced() {
        let mut named = Named::default();
        named.insert("b", 1);
        named.insert("a", 2);
        named.insert("b", 3);
        assert_eq!(named.get("b"), Some(&3));
        assert_eq!(named.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(named.remove("a"), Some(2));
        assert_eq!(named.get("a"), None);
    }
}
