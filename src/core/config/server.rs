//! The settings of a server and of its sessions.

use crate::core::config::limits::Limits;
use crate::core::config::problem::Problem;
use crate::core::config::template::Template;
use crate::core::kit::table::Named;
use crate::core::kit::text::{concat, mentions};
use crate::core::kit::time::Millis;
use crate::core::protocol::headers;
use crate::core::protocol::mirror::base64;
use crate::core::protocol::replay::Replay;
use std::{fmt, rc::Rc};

/// The configuration of a manager. Only [`parse()`](crate::core::config::parse()) creates it.
#[derive(Clone, Debug)]
pub struct Config {
    /// The servers by name.
    pub servers: Named<Rc<ServerConfig>>,
    /// Limits on the memory in use.
    pub limits: Limits,
    /// Whether debug lines are logged.
    pub debug: bool,
    /// Whether sessions are persisted in a storage.
    pub keeps: bool,
    /// The host's connection limit; unknown to [`parse()`](crate::core::config::parse()).
    pub connections: Connections,
}

/// The host's limit on simultaneous connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connections {
    /// No limit.
    #[default]
    Unlimited,
    /// Six to each origin over HTTP/1.1, one over HTTP/2: pages and their web workers.
    Page,
    /// Six in each request context: workerd.
    Worker,
}

/// One server. `Debug` shows neither header values nor the URL, which may contain a key.
#[derive(Clone)]
pub struct ServerConfig {
    /// The name in log lines: 1 to 128 bytes without control characters.
    pub name: String,
    /// The MCP endpoint: an absolute http or https URL without credentials or fragment.
    pub url: Rc<str>,
    /// The HTTP transport of the server.
    pub transport: Transport,
    /// Additional headers of every request: lower-case names, no duplicates, none reserved.
    pub headers: Vec<(String, Template)>,
    /// The timeout of one request, in milliseconds.
    pub timeout: Millis,
    /// The timeout of one handshake, in milliseconds.
    pub init_timeout: Millis,
    /// The timeout of the auth provider, in milliseconds.
    pub auth_timeout: Millis,
    /// The choice of the protocol revision.
    pub protocol: Protocol,
    /// Lifetime and recovery of its sessions.
    pub session: SessionConfig,
}

impl ServerConfig {
    /// The headers of one user's requests: the configured ones with their placeholders replaced, then those of `extra`,
    /// which override them. Names are lower-case and unique; values are valid.
    ///
    /// `{{USER_ID}}` is always `user`; every other `{{name}}` is looked up in `vars`.
    ///
    /// # Errors
    /// Every placeholder without a value and every invalid header, by name; values are never shown.
    pub fn headers_for(
        &self,
        user: &str,
        vars: &Named<String>,
        extra: &[(String, String)],
    ) -> Result<Vec<(String, String)>, Vec<Problem>> {
        let (mut filled, mut problems) = (Named::default(), Vec::new());
        let key = base64(user.as_bytes());
        let overridden = |name: &str| extra.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        for (name, template) in self.headers.iter().filter(|(name, _)| !overridden(name)) {
            let path = concat(&["mcpServers.", &self.name, ".headers.", name]);
            match template.fill(&|placeholder| match placeholder {
                USER_ID => Some(user),
                USER_KEY => Some(&key),
                _ => vars.get(placeholder).map(String::as_str),
            }) {
                Ok(value) => add_header(&mut filled, &mut problems, path, name, value),
                Err(placeholders) => {
                    for placeholder in placeholders {
                        let message = concat(&[
                            "needs a value for {{",
                            placeholder,
                            "}}: set it in the vars option of connect()",
                        ]);
                        problems.push(Problem::new(path.clone(), message));
                    }
                }
            }
        }
        for (name, value) in extra {
            add_header(&mut filled, &mut problems, concat(&["options.headers.", name]), name, value.clone());
        }
        if problems.is_empty() { Ok(filled.into_entries()) } else { Err(problems) }
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        formatter
            .debug_struct("ServerConfig")
            .field("name", &self.name)
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}

/// The two HTTP transports of MCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One endpoint (since MCP 2025-03-26); the default.
    StreamableHttp,
    /// The two endpoints of MCP 2024-11-05: `type: sse`.
    HttpSse,
}

/// The choice of the protocol revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Discover it once; the default.
    Auto,
    /// Negotiate it by `initialize`, without discovery.
    Legacy,
    /// Use this revision: a date of the form 2025-11-25.
    Pinned(String),
}

/// Lifetime and recovery of a server's sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// Idle time after which a session expires, in milliseconds; at least 1.
    pub timeout: Millis,
    /// How often a failed attempt is retried; at most [`MAX_RETRY_ATTEMPTS`].
    pub retry_attempts: u32,
    /// The first delay of the backoff, in milliseconds.
    pub retry_delay: Millis,
    /// Age after which a session expires even in use, in milliseconds; `None`: no limit.
    pub max_age: Option<Millis>,
    /// Idle time after which a ping keeps the session alive at the server; `None`: no pings.
    pub keep_alive: Option<Millis>,
    /// Which requests may be sent twice.
    pub replay: Replay,
    /// Additional responses that mean a lost session.
    pub lost_when: Rc<Vec<LostWhen>>,
}

impl SessionConfig {
    /// Whether the configuration declares this response a lost session.
    pub(crate) fn loses(&self, status: u16, message: &str) -> bool {
        self.lost_when.iter().any(|when| when.is(status, message))
    }
}

/// A response by which a server reports a lost session in its own way. At least one field is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostWhen {
    /// The HTTP status; `None` matches any.
    pub status: Option<u16>,
    /// A part of the message, case-insensitive; `None` matches any.
    pub message: Option<String>,
}

impl LostWhen {
    fn is(&self, status: u16, message: &str) -> bool {
        self.status.is_none_or(|wanted| wanted == status)
            && self.message.as_ref().is_none_or(|words| mentions(message, words))
    }
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_SESSION_TIMEOUT,
            retry_attempts: DEFAULT_RETRY_ATTEMPTS,
            retry_delay: DEFAULT_RETRY_DELAY,
            max_age: None,
            keep_alive: None,
            replay: Replay::Refused,
            lost_when: Rc::default(),
        }
    }
}

/// One hour idle, as in the quick reference: a lunch break keeps the session, a night does not.
pub const DEFAULT_SESSION_TIMEOUT: Millis = 3_600_000;

/// As in the quick reference: with its delay, up to 7 s of backoff, enough for a server restart.
pub const DEFAULT_RETRY_ATTEMPTS: u32 = 3;

/// As in the quick reference: long enough for a process to start, short enough for an interactive user.
pub const DEFAULT_RETRY_DELAY: Millis = 1000;

/// As in the official SDKs.
pub const DEFAULT_REQUEST_TIMEOUT: Millis = 60_000;

/// Half of a request's timeout: a handshake does no work of its own.
pub const DEFAULT_INIT_TIMEOUT: Millis = 30_000;

/// Time to sign in, find a second factor and consent.
pub const DEFAULT_AUTH_TIMEOUT: Millis = 300_000;

/// Any more would be a loop: at the backoff's cap of 30 s, 100 attempts take 50 minutes.
pub const MAX_RETRY_ATTEMPTS: u32 = 100;

/// The placeholder for the user's id.
const USER_ID: &str = "USER_ID";

/// The placeholder for the user's id in Base64, which every header can carry: npm/cookies.js.
const USER_KEY: &str = "mcp-tether-user";

/// Adds a valid header, replacing an earlier one of the same name.
fn add_header(headers: &mut Named<String>, problems: &mut Vec<Problem>, path: String, name: &str, value: String) {
    match check_header(name, &value) {
        Ok(()) => headers.insert(name.to_ascii_lowercase(), value),
        Err(fault) => problems.push(Problem::new(path, fault)),
    }
}

pub(crate) fn check_header(name: &str, value: &str) -> Result<(), &'static str> {
    if headers::is_reserved(name) {
        return Err("is set by the client itself and cannot be configured");
    }
    headers::validate(name, value)
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    fn server() -> ServerConfig {
        let header = |name: &str, text: &str| (name.to_owned(), Template::parse(text, &|_| None).unwrap());
        ServerConfig {
            name: "db".into(),
            url: "https://example.com/?key=hidden-1".into(),
            transport: Transport::StreamableHttp,
            headers: vec![header("x-user", "{{USER_ID}}"), header("authorization", "Bearer {{token}} hidden-2")],
            timeout: DEFAULT_REQUEST_TIMEOUT,
            init_timeout: DEFAULT_INIT_TIMEOUT,
            auth_timeout: DEFAULT_AUTH_TIMEOUT,
            protocol: Protocol::Auto,
            session: SessionConfig::default(),
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    fn vars(list: &[(&str, &str)]) -> Named<String> {
        pairs(list).into_iter().collect()
    }

    #[test]
    fn placeholders_are_replaced_for_each_user() {
        let headers = server().headers_for("ann", &vars(&[("token", "t"), ("USER_ID", "eve")]), &[]);
        assert_eq!(headers, Ok(pairs(&[("authorization", "Bearer t hidden-2"), ("x-user", "ann")])));
    }

    #[test]
    fn every_name_of_a_user_fits_into_a_header_as_a_key() {
        let mut server = server();
        server.headers = vec![("x-key".into(), Template::parse("{{mcp-tether-user}}", &|_| None).unwrap())];
        assert_eq!(server.headers_for("日\n", &vars(&[]), &[]), Ok(pairs(&[("x-key", "5pelCg==")])));
    }

    #[test]
    fn the_callers_headers_win_in_any_case() {
        let headers = server().headers_for("ann", &vars(&[]), &pairs(&[("AUTHORIZATION", "mine"), ("X-New", "")]));
        assert_eq!(headers, Ok(pairs(&[("authorization", "mine"), ("x-new", ""), ("x-user", "ann")])));
    }

    #[test]
    fn every_fault_is_named_and_no_value_is_shown() {
        let extra = pairs(&[("Mcp-Session-Id", "hidden-3"), ("a b", "hidden-4")]);
        let problems = server().headers_for("hidden-5\r\nx: y", &vars(&[("other", "hidden-6")]), &extra).unwrap_err();
        let text: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert_eq!(
            text,
            [
                "mcpServers.db.headers.x-user: has a line break or another control character in its value",
                "mcpServers.db.headers.authorization: needs a value for {{token}}: set it in the vars option of connect()",
                "options.headers.Mcp-Session-Id: is set by the client itself and cannot be configured",
                "options.headers.a b: is not a valid HTTP header name",
            ]
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", server());
        assert!(shown.contains("authorization") && !shown.contains("hidden"), "{shown}");
    }
}
