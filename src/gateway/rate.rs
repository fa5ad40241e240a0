//! How many requests a user may send: a token bucket for each.

use crate::core::{Instant, Millis};
use std::collections::BTreeMap;

/// The buckets of one isolate. An isolate sees a part of a user's requests, so the limit is one for each of them; what
/// has to be exact across isolates is the platform's rate limiting binding's.
#[derive(Debug)]
pub struct Rates {
    per_minute: u32,
    buckets: BTreeMap<String, Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Millionths of a request that may be sent at once.
    level: u64,
    at: Instant,
}

impl Rates {
    /// Buckets that fill with so many requests a minute, and hold as many; 0: no limit.
    pub const fn new(per_minute: u32) -> Self {
        Self { per_minute, buckets: BTreeMap::new() }
    }

    /// Takes one request out of a user's bucket; how many seconds to wait where it is empty.
    ///
    /// # Errors
    /// The seconds until there is one again, at least 1.
    pub fn take(&mut self, user: &str, now: Instant) -> Result<(), Millis> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let full = u64::from(self.per_minute) * REQUEST;
        let fill = |bucket: &Bucket| full.min(bucket.level + now.since(bucket.at) * full / 60_000);
        if self.buckets.len() >= KEPT && !self.buckets.contains_key(user) {
            // Who is full is as good as unknown. Where nobody is, all begin anew: better that than to grow.
            self.buckets.retain(|_, bucket| fill(bucket) < full);
            if self.buckets.len() >= KEPT {
                self.buckets.clear();
            }
        }
        let level = self.buckets.get(user).map_or(full, fill);
        // Who is refused is not written down: the fractions of a request would be lost each time.
        let Some(rest) = level.checked_sub(REQUEST) else {
            return Err(((REQUEST - level) * 60).div_ceil(full).max(1));
        };
        self.buckets.insert(user.to_owned(), Bucket { level: rest, at: now });
        Ok(())
    }
}

/// One request, in the unit of the levels.
const REQUEST: u64 = 1_000_000;

/// Users remembered at once, in one isolate of 128 MB.
const KEPT: usize = 20_000;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_minutes_requests_may_come_at_once_and_then_one_by_one() {
        let mut rates = Rates::new(60);
        for _ in 0..60 {
            assert_eq!(rates.take("ann", at(0)), Ok(()));
        }
        assert_eq!(rates.take("ann", at(0)), Err(1));
        assert_eq!(rates.take("bob", at(0)), Ok(()));
        assert_eq!(rates.take("ann", at(999)), Err(1));
        assert_eq!(rates.take("ann", at(1_000)), Ok(()));
        assert_eq!(rates.take("ann", at(1_000)), Err(1));
        assert_eq!(rates.take("ann", at(600_000)), Ok(()));
    }

    #[test]
    fn the_wait_is_told_in_whole_seconds() {
        let mut rates = Rates::new(2);
        assert_eq!([rates.take("ann", at(0)), rates.take("ann", at(0))], [Ok(()), Ok(())]);
        assert_eq!(rates.take("ann", at(0)), Err(30));
        assert_eq!(rates.take("ann", at(29_999)), Err(1));
        assert_eq!(rates.take("ann", at(30_000)), Ok(()));
    }

    #[test]
    fn no_limit_is_none_and_many_users_cost_bounded_memory() {
        let mut free = Rates::new(0);
        assert!((0..1_000).all(|_| free.take("ann", at(0)).is_ok()));
        let mut rates = Rates::new(1);
        for user in 0..3 * KEPT {
            assert_eq!(rates.take(&user.to_string(), at(0)), Ok(()));
        }
        assert!(rates.buckets.len() <= KEPT);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut rates = Rates::new(1);
        assert_eq!(rates.take("ann", at(100_000)), Ok(()));
        assert!(rates.take("ann", at(0)).is_err());
    }
}
