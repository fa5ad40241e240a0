//! Counters since the start, for `getMetrics()`.

/// Declares the counters once: the struct, and the names under which JavaScript sees them.
macro_rules! counters {
    ($($(#[doc = $doc:literal])* $field:ident => $name:literal,)*) => {
        /// Counters since the manager was created.
        #[derive(Clone, Debug, Default)]
        pub struct Metrics { $($(#[doc = $doc])* pub $field: u64,)* }

        impl Metrics {
            /// Every counter with its public name.
            pub fn entries(&self) -> Vec<(&'static str, u64)> {
                let mut entries = Vec::new();
                for (name, value) in [$($name,)*].iter().zip([$(self.$field,)*]) {
                    entries.push((*name, value));
                }
                entries
            }
        }
    };
}

counters! {
    /// Successful handshakes.
    created => "created",
    /// `connect` calls that found a live session.
    reused => "reused",
    /// Sessions restored from the storage.
    restored => "restored",
    /// Sessions that were lost and replaced.
    recovered => "recovered",
    /// Recoveries that failed.
    recovery_failed => "recoveryFailed",
    /// Sessions that passed our own idle or age deadline.
    expired => "expired",
    /// Sessions ended by their owner.
    terminated => "terminated",
    /// JSON-RPC requests sent, all attempts included.
    requests => "requests",
    /// Calls that ended in a result.
    succeeded => "succeeded",
    /// Calls that ended in an error.
    failed => "failed",
    /// Requests sent again after they were refused unread.
    resent => "resent",
    /// Requests sent again after an unknown outcome.
    replayed => "replayed",
    /// Calls that ended in `outcome_unknown`.
    outcome_unknown => "outcomeUnknown",
    /// Pauses before another attempt, of any kind.
    retries => "retries",
    /// GET requests for the stream of a session.
    streams_opened => "streamsOpened",
    /// GET requests that resumed the stream of a call.
    streams_resumed => "streamsResumed",
    /// Times that a breaker opened.
    breaker_opened => "breakerOpened",
    /// Outages, counted per session.
    outages => "outages",
    /// Requests of servers to the client.
    server_requests => "serverRequests",
    /// Messages dropped because their session generation had ended.
    stale_dropped => "staleDropped",
}
