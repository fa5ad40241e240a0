//! Rate limits: a token bucket for each user.

use crate::core::{Instant, Millis};
use std::collections::BTreeMap;

/// The buckets of one isolate. An isolate sees only part of a user's requests, so the limit applies to each isolate
/// separately; an exact limit across isolates is the task of the platform's rate limiting binding.
#[derive(Debug)]
pub struct Rates {
    per_minute: u32,
    buckets: BTreeMap<String, Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// The level, in millionths of a request.
    level: u64,
    at: Instant,
}

impl Rates {
    /// Buckets with this capacity, refilled by the same number each minute; 0: no limit.
    pub const fn new(per_minute: u32) -> Self {
        Self { per_minute, buckets: BTreeMap::new() }
    }

    /// Takes this number of requests from a user's bucket, or none of them; more than it can hold count as a full bucket.
    ///
    /// # Errors
    /// The bucket has too few: the seconds until they are allowed, at least 1.
    pub fn take(&mut self, user: &str, count: u32, now: Instant) -> Result<(), Millis> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let full = u64::from(self.per_minute) * REQUEST;
        // More than a minute fills it, too: the product has a bound.
        let refill = |since: Millis| since.min(60_000) * u64::from(self.per_minute) * (REQUEST / 1_000) / 60;
        let fill = |bucket: &Bucket| full.min(bucket.level + refill(now.since(bucket.at)));
        if self.buckets.len() >= MAX_USERS && !self.buckets.contains_key(user) {
            // A full bucket equals an unknown user. If all are in use, all are reset, to bound the memory.
            self.buckets.retain(|_, bucket| fill(bucket) < full);
            if self.buckets.len() >= MAX_USERS {
                self.buckets.clear();
            }
        }
        let level = self.buckets.get(user).map_or(full, fill);
        let wanted = full.min(u64::from(count) * REQUEST);
        // A refused request does not update the bucket, which would lose the fraction of a request each time.
        let Some(rest) = level.checked_sub(wanted) else {
            return Err(((wanted - level) * 60).div_ceil(full).max(1));
        };
        self.buckets.insert(user.to_owned(), Bucket { level: rest, at: now });
        Ok(())
    }
}

/// One request, in the unit of the levels.
const REQUEST: u64 = 1_000_000;

/// The maximum number of buckets, for an isolate of 128 MB.
const MAX_USERS: usize = 20_000;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_burst_of_one_minute_is_allowed_and_then_single_requests() {
        let mut rates = Rates::new(60);
        for _ in 0..60 {
            assert_eq!(rates.take("ann", 1, at(0)), Ok(()));
        }
        assert_eq!(rates.take("ann", 1, at(0)), Err(1));
        assert_eq!(rates.take("bob", 1, at(0)), Ok(()));
        assert_eq!(rates.take("ann", 1, at(999)), Err(1));
        assert_eq!(rates.take("ann", 1, at(1_000)), Ok(()));
        assert_eq!(rates.take("ann", 1, at(1_000)), Err(1));
        assert_eq!(rates.take("ann", 1, at(600_000)), Ok(()));
    }

    #[test]
    fn the_delay_is_in_whole_seconds() {
        let mut rates = Rates::new(2);
        assert_eq!([rates.take("ann", 1, at(0)), rates.take("ann", 1, at(0))], [Ok(()), Ok(())]);
        assert_eq!(rates.take("ann", 1, at(0)), Err(30));
        assert_eq!(rates.take("ann", 1, at(29_999)), Err(1));
        assert_eq!(rates.take("ann", 1, at(30_000)), Ok(()));
    }

    #[test]
    fn messages_of_a_batch_are_counted_and_a_refused_batch_takes_nothing() {
        let mut rates = Rates::new(60);
        assert_eq!(rates.take("ann", 50, at(0)), Ok(()));
        assert_eq!(rates.take("ann", 20, at(0)), Err(10));
        assert_eq!(rates.take("ann", 10, at(0)), Ok(()));
        assert_eq!(rates.take("bob", 100, at(0)), Ok(()), "a full bucket suffices for any batch");
        assert_eq!(rates.take("bob", 1, at(0)), Err(1));
    }

    #[test]
    fn zero_disables_the_limit_and_memory_is_bounded() {
        let mut free = Rates::new(0);
        assert!((0..1_000).all(|_| free.take("ann", 1, at(0)).is_ok()));
        let mut rates = Rates::new(1);
        for user in 0..3 * MAX_USERS {
            assert_eq!(rates.take(&user.to_string(), 1, at(0)), Ok(()));
        }
        assert!(rates.buckets.len() <= MAX_USERS);
    }

    #[test]
    fn a_large_limit_is_full_again_after_a_long_pause() {
        let mut rates = Rates::new(1_000_000_000);
        assert_eq!(rates.take("ann", 1_000_000_000, at(0)), Ok(()));
        assert_eq!(rates.take("ann", 1_000_000_000, at(30 * 24 * 3_600_000)), Ok(()));
    }

    #[test]
    fn a_clock_that_goes_backwards_refills_nothing() {
        let mut rates = Rates::new(1);
        assert_eq!(rates.take("ann", 1, at(100_000)), Ok(()));
        assert!(rates.take("ann", 1, at(0)).is_err());
    }
}
