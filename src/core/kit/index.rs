//! The only ordered map of the module, from pairs of numbers to numbers.
//!
//! A `BTreeMap` takes 22 KB of wasm, more than the session store, the timers and the replay policy together. A sorted
//! list of short sorted runs does the same: a lookup takes two binary searches, and an insertion or removal moves at
//! most one run of entries.

/// Two numbers, compared in this order.
pub(crate) type Pair = (u64, u64);

/// An ordered map from pairs of numbers to numbers.
#[derive(Default)]
pub(crate) struct Index {
    /// Sorted runs: each ends below the beginning of the next. None is empty, except that the last one left is kept for the
    /// next insertion.
    runs: Vec<Vec<(Pair, u64)>>,
    len: usize,
}

impl Index {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Inserts or replaces `value` under `pair`.
    pub(crate) fn insert(&mut self, pair: Pair, value: u64) {
        // A pair above all others goes to the end of the last run.
        let at = self.run_of(pair).min(self.runs.len().saturating_sub(1));
        let Some(run) = self.runs.get_mut(at) else {
            self.len = 1;
            return self.runs.push(vec![(pair, value)]);
        };
        match place(run, pair) {
            Ok(found) => {
                if let Some(entry) = run.get_mut(found) {
                    entry.1 = value;
                }
            }
            Err(gap) => {
                self.len += 1;
                if run.len() < LONGEST {
                    return run.insert(gap, (pair, value));
                }
                // Splits before the insertion, because a full vector would double its capacity; and at the new entry
                // rather than in the middle, so that ascending numbers leave full runs behind.
                let cut = gap.max(LONGEST / 2);
                let mut rest = run.split_off(cut);
                if gap < cut {
                    run.insert(gap, (pair, value));
                } else {
                    rest.insert(0, (pair, value));
                }
                self.runs.insert(at + 1, rest);
            }
        }
    }

    /// Removes and returns the value under `pair`.
    pub(crate) fn remove(&mut self, pair: Pair) -> Option<u64> {
        let at = self.run_of(pair);
        let run = self.runs.get_mut(at)?;
        let (_, value) = run.remove(place(run, pair).ok()?);
        if run.is_empty() && self.runs.len() > 1 {
            self.runs.remove(at);
        }
        self.len -= 1;
        Some(value)
    }

    /// Frees the memory of an empty index.
    pub(crate) fn shrink(&mut self) {
        if self.len == 0 {
            self.runs = Vec::new();
        }
    }

    pub(crate) fn get(&self, pair: Pair) -> Option<u64> {
        let run = self.runs.get(self.run_of(pair))?;
        Some(run.get(place(run, pair).ok()?)?.1)
    }

    /// The lowest entry.
    pub(crate) fn first(&self) -> Option<(Pair, u64)> {
        self.runs.first()?.first().copied()
    }

    /// All entries from `pair` on, in order.
    pub(crate) fn from(&self, pair: Pair) -> Entries<'_> {
        let run = self.run_of(pair);
        let entry = self.runs.get(run).map_or(0, |run| place(run, pair).unwrap_or_else(|gap| gap));
        Entries { index: self, run, entry }
    }

    /// The first run that ends at or above `pair`.
    fn run_of(&self, pair: Pair) -> usize {
        let ends_below = |run: &Vec<(Pair, u64)>| run.last().is_some_and(|(last, _)| *last < pair);
        match self.runs.as_slice() {
            // Most indexes have one run, and a call asks some thirty times.
            [run] => usize::from(ends_below(run)),
            runs => runs.partition_point(ends_below),
        }
    }
}

fn place(run: &[(Pair, u64)], pair: Pair) -> Result<usize, usize> {
    match run.split_last() {
        // Most lookups are of the newest entry, and most insertions are of a newer one.
        Some(((last, _), rest)) if *last == pair => Ok(rest.len()),
        Some(((last, _), _)) if *last < pair => Err(run.len()),
        _ => run.binary_search_by_key(&pair, |(pair, _)| *pair),
    }
}

/// An iterator over the entries of an index.
pub(crate) struct Entries<'a> {
    index: &'a Index,
    run: usize,
    entry: usize,
}

impl Iterator for Entries<'_> {
    type Item = (Pair, u64);

    fn next(&mut self) -> Option<(Pair, u64)> {
        let run = self.index.runs.get(self.run)?;
        let entry = run.get(self.entry).copied();
        self.entry += 1;
        if self.entry >= run.len() {
            (self.run, self.entry) = (self.run + 1, 0);
        }
        entry
    }
}

/// 3 KB: the most that an insertion at the front of a run moves, a negligible copy.
const LONGEST: usize = 128;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::core::kit::rng::Rng;
    use std::collections::BTreeMap;

    #[test]
    fn it_behaves_like_a_btree_map() {
        let mut rng = Rng::seeded(11);
        let (mut index, mut model) = (Index::default(), BTreeMap::new());
        for step in 0..60_000_u64 {
            // The index grows, keeps its size, then shrinks to nothing.
            let removes = match step {
                0..20_000 => 1,
                20_000..40_000 => 5,
                _ => 8,
            };
            let pair = (rng.up_to(50), rng.up_to(60));
            if rng.up_to(9) < removes {
                assert_eq!(index.remove(pair), model.remove(&pair));
            } else {
                index.insert(pair, step);
                model.insert(pair, step);
            }
            assert_eq!(index.len(), model.len());
            assert_eq!(index.get(pair), model.get(&pair).copied());
            assert_eq!(index.first(), model.first_key_value().map(|(pair, value)| (*pair, *value)));
            if step % 500 == 0 {
                let expected: Vec<(Pair, u64)> = model.range(pair..).map(|(pair, value)| (*pair, *value)).collect();
                assert_eq!(index.from(pair).collect::<Vec<_>>(), expected);
            }
        }
        while let Some((pair, _)) = index.first() {
            assert_eq!(index.remove(pair), model.remove(&pair));
        }
        assert!(index.is_empty() && model.is_empty() && index.runs.len() == 1);
        index.shrink();
        assert_eq!(index.runs.capacity(), 0);
    }

    #[test]
    fn ascending_numbers_fill_their_runs() {
        let mut index = Index::default();
        (0..10_000).for_each(|number| index.insert((0, number), number));
        assert!(index.runs.len() <= 10_000 / LONGEST + 1);
        assert!(index.runs.iter().all(|run| run.capacity() <= LONGEST));
    }
}
