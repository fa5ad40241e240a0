//! Time as an argument: instants and durations in whole milliseconds, without a clock.

use std::fmt;
use std::num::NonZeroU64;

/// A moment in milliseconds since the Unix epoch, given by the driver.
///
/// It never goes backwards: the driver's clock is monotonic, set to the wall clock once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(
    /// The milliseconds plus one: the niche makes an `Option<Instant>` 8 bytes instead of 16.
    NonZeroU64,
);

/// A duration in milliseconds.
pub type Millis = u64;

impl Instant {
    /// The moment `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(millis))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> u64 {
        self.0.get() - 1
    }

    /// The moment `span` later, saturating.
    pub const fn after(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// The time since `earlier`; 0 if that is in the future.
    pub const fn since(self, earlier: Self) -> Millis {
        self.0.get().saturating_sub(earlier.0.get())
    }
}

impl Default for Instant {
    /// The Unix epoch.
    fn default() -> Self {
        Self(NonZeroU64::MIN)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ms", self.as_millis())
    }
}

/// The earlier of a moment and an optional other.
pub(crate) fn earlier(one: Instant, other: Option<Instant>) -> Instant {
    other.map_or(one, |other| one.min(other))
}
