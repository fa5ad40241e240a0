//! Time as an argument: instants and durations in whole milliseconds, with no clock behind them.

use std::fmt;

/// A moment in milliseconds since the Unix epoch, as told by whoever drives the machine.
///
/// It never runs backwards: the driver's clock is monotonic, set to the wall clock once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

/// A span of milliseconds.
pub type Millis = u64;

impl Instant {
    /// The moment `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The moment `span` later; the far end of time where that would overflow.
    pub const fn after(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// How long ago `earlier` was; 0 when it lies ahead.
    pub const fn since(self, earlier: Self) -> Millis {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ms", self.0)
    }
}

/// The first of two moments, where there are two.
pub(crate) fn earlier(one: Instant, other: Option<Instant>) -> Instant {
    other.map_or(one, |other| one.min(other))
}
