//! The replay policy: which requests may be sent twice. `machine::outbound::retry` applies it.
//!
//! MCP has no idempotency key, so the only signals are the method and the tool's own annotations (2025-11-25 schema,
//! `ToolAnnotations`: hints; absent means neither read-only nor idempotent).

/// Whether a request can be executed twice without harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// A read, an idempotent call, or a tool annotated as such.
    Safe,
    /// Any other request.
    Unsafe,
    /// A tool call: its annotations decide.
    ByTool,
}

/// The safety of a method.
pub fn method_safety(method: &str) -> Safety {
    match method {
        "completion/complete"
        | "initialize"
        | "logging/setLevel"
        | "ping"
        | "prompts/get"
        | "prompts/list"
        | "resources/list"
        | "resources/read"
        | "resources/subscribe"
        | "resources/templates/list"
        | "resources/unsubscribe"
        | "server/discover"
        | "subscriptions/listen"
        | "tasks/get"
        | "tasks/list"
        | "tasks/result"
        | "tools/list" => Safety::Safe,
        "tools/call" => Safety::ByTool,
        _ => Safety::Unsafe,
    }
}

/// Whether `policy` allows a retry of a request that was provably refused unread.
pub const fn may_resend_refused(policy: Replay, safety: Safety) -> bool {
    match policy {
        Replay::Refused => true,
        Replay::Safe => matches!(safety, Safety::Safe),
        Replay::Never => false,
    }
}

/// Whether `policy` allows a replay after an unknown outcome. Never for unsafe requests.
pub const fn may_replay_unknown(policy: Replay, safety: Safety) -> bool {
    !matches!(policy, Replay::Never) && matches!(safety, Safety::Safe)
}

/// The next step for a failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send it again.
    Again,
    /// List the tools first: their annotations decide.
    AskTool,
    /// Fail with the error at hand.
    Final,
    /// Fail with `outcome_unknown`.
    Unknown,
}

/// Decides about a request that was `refused` unread or has an unknown outcome; `has_left`: replays are left.
pub(crate) fn next(policy: Replay, safety: Safety, refused: bool, has_left: bool) -> Next {
    let may = if refused { may_resend_refused(policy, safety) } else { has_left && may_replay_unknown(policy, safety) };
    if may {
        return Next::Again;
    }
    let is_open = matches!(safety, Safety::ByTool) && !matches!(policy, Replay::Never);
    match safety {
        _ if is_open && (refused || has_left) => Next::AskTool,
        Safety::Safe => Next::Final,
        _ if refused => Next::Final,
        _ => Next::Unknown,
    }
}

/// Which requests may be sent again after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// All requests that were refused unread, and safe ones with an unknown outcome.
    Refused,
    /// Only safe ones, in both cases.
    Safe,
    /// None.
    Never,
}

impl Replay {
    /// The allowed values, as a predicate for messages.
    pub(crate) const RULE: &str = "must be 'refused', 'safe' or 'never'";

    /// The policy of this name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "refused" => Some(Self::Refused),
            "safe" => Some(Self::Safe),
            "never" => Some(Self::Never),
            _ => None,
        }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_outcome_is_replayed_only_if_safe() {
        for policy in [Replay::Refused, Replay::Safe, Replay::Never] {
            assert!(!may_replay_unknown(policy, Safety::Unsafe));
            assert_eq!(may_replay_unknown(policy, Safety::Safe), policy != Replay::Never);
        }
    }

    #[test]
    fn requests_refused_unread_follow_the_policy() {
        assert!(may_resend_refused(Replay::Refused, Safety::Unsafe));
        assert!(!may_resend_refused(Replay::Safe, Safety::Unsafe));
        assert!(may_resend_refused(Replay::Safe, Safety::Safe));
        assert!(!may_resend_refused(Replay::Never, Safety::Safe));
    }

    #[test]
    fn unknown_methods_are_unsafe() {
        assert_eq!(method_safety("vendor/launch"), Safety::Unsafe);
        assert_eq!(method_safety("tools/call"), Safety::ByTool);
        assert_eq!(method_safety("tools/list"), Safety::Safe);
    }

    #[test]
    fn a_failed_request_goes_again_asks_or_ends() {
        use Next::{Again, AskTool, Final, Unknown};
        for (policy, safety, refused, has_left, expected) in [
            (Replay::Refused, Safety::Unsafe, true, true, Again),
            (Replay::Refused, Safety::Unsafe, true, false, Again),
            (Replay::Refused, Safety::Unsafe, false, true, Unknown),
            (Replay::Refused, Safety::ByTool, true, true, Again),
            (Replay::Refused, Safety::ByTool, false, true, AskTool),
            (Replay::Refused, Safety::ByTool, false, false, Unknown),
            (Replay::Refused, Safety::Safe, false, true, Again),
            (Replay::Refused, Safety::Safe, false, false, Final),
            (Replay::Safe, Safety::Unsafe, true, true, Final),
            (Replay::Safe, Safety::ByTool, true, false, AskTool),
            (Replay::Safe, Safety::Safe, true, true, Again),
            (Replay::Never, Safety::ByTool, true, true, Final),
            (Replay::Never, Safety::ByTool, false, true, Unknown),
            (Replay::Never, Safety::Safe, false, true, Final),
        ] {
            assert_eq!(next(policy, safety, refused, has_left), expected, "{policy:?} {safety:?} {refused} {has_left}");
        }
    }
}
