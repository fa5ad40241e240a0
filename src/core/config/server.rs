//! A server as it was configured, and what its sessions are to do.

use crate::core::config::limits::Limits;
use crate::core::config::problem::Problem;
use crate::core::config::template::Template;
use crate::core::kit::table::Named;
use crate::core::kit::text::{concat, join, mentions};
use crate::core::kit::time::Millis;
use crate::core::protocol::headers;
use crate::core::protocol::replay::Replay;
use std::{fmt, rc::Rc};

/// What a manager is built from. Made by [`parse()`](crate::core::config::parse()) alone.
#[derive(Clone, Debug)]
pub struct Config {
    /// The servers by name.
    pub servers: Named<Rc<ServerConfig>>,
    /// The bounds of everything that could grow.
    pub limits: Limits,
    /// Whether debug lines are logged.
    pub debug: bool,
    /// Whether there is a storage that sessions are kept in.
    pub keeps: bool,
    /// What the host has to offer; [`parse()`](crate::core::config::parse()) cannot know it.
    pub connections: Connections,
}

/// How many connections the host has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connections {
    /// As many as are wanted.
    #[default]
    Unlimited,
    /// Six to each origin over HTTP/1.1, one over HTTP/2: pages and their workers.
    Page,
    /// Six in each request context: workerd.
    Worker,
}

/// One server. `Debug` shows neither the values of headers nor the URL, which may hold a key.
#[derive(Clone)]
pub struct ServerConfig {
    /// The name that the log prints: 1 to 128 bytes without control characters.
    pub name: String,
    /// The MCP endpoint: an absolute http or https URL without credentials and fragment.
    pub url: String,
    /// Which of the two HTTP transports the server speaks.
    pub transport: Transport,
    /// Further headers of every request, their names in lower case, each name once, none of them reserved.
    pub headers: Vec<(String, Template)>,
    /// How long one request may take, in milliseconds.
    pub timeout: Millis,
    /// How long one handshake may take, in milliseconds.
    pub init_timeout: Millis,
    /// Longest wait for the auth provider, in milliseconds.
    pub auth_timeout: Millis,
    /// Which revision of the protocol is spoken.
    pub protocol: Protocol,
    /// How its sessions live and recover.
    pub session: SessionConfig,
}

impl ServerConfig {
    /// The headers of one user's requests: the configured ones with their holes filled, then those of `extra` instead or
    /// as well. Names are in lower case, each comes once; the values are fit to be sent.
    ///
    /// `{{USER_ID}}` is always `user`; every other `{{name}}` is looked up in `vars`.
    ///
    /// # Errors
    /// Every hole that cannot be filled and every header that cannot be sent, by name; no value is shown.
    pub fn headers_for(
        &self,
        user: &str,
        vars: &Named<String>,
        extra: &[(String, String)],
    ) -> Result<Vec<(String, String)>, Vec<Problem>> {
        let (mut filled, mut problems) = (Named::default(), Vec::new());
        let overridden = |name: &str| extra.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        for (name, template) in self.headers.iter().filter(|(name, _)| !overridden(name)) {
            let path = self.path(&["headers", name]);
            match template.fill(&|hole| if hole == USER_ID { Some(user) } else { vars.get(hole).map(String::as_str) }) {
                Ok(value) => add_header(&mut filled, &mut problems, path, name, value),
                Err(holes) => {
                    for hole in holes {
                        let message = concat(&["needs a value for {{", hole, "}}, which connect() was not given"]);
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

    fn path(&self, keys: &[&str]) -> String {
        concat(&["mcpServers.", &self.name, ".", &join(keys, ".")])
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

/// How the revision of the protocol is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Ask the server once; the default.
    Auto,
    /// Whatever `initialize` negotiates, without asking for a newer one first.
    Legacy,
    /// This revision: a date of the form 2025-11-25.
    Pinned(String),
}

/// How the sessions of a server live and recover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// A session that was not used for as long is expired, in milliseconds; at least 1.
    pub timeout: Millis,
    /// How often a failed attempt is repeated; at most [`MAX_RETRY_ATTEMPTS`].
    pub retry_attempts: u32,
    /// The first delay of the backoff, in milliseconds.
    pub retry_delay: Millis,
    /// A session that is as old is expired however much it is used, in milliseconds; `None`: age does not matter.
    pub max_age: Option<Millis>,
    /// After that long without traffic a ping keeps the session from expiring at the server; `None` sends none.
    pub keep_alive: Option<Millis>,
    /// What may be sent twice.
    pub replay: Replay,
    /// Further answers in which a server says that a session is lost.
    pub lost_when: Rc<Vec<LostWhen>>,
}

impl SessionConfig {
    /// Whether the configuration says that this answer means a lost session.
    pub(crate) fn loses(&self, status: u16, message: &str) -> bool {
        self.lost_when.iter().any(|when| when.is(status, message))
    }
}

/// An answer in which a server says that a session is lost, in a way of its own. One of the two is there at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostWhen {
    /// The HTTP status; any where there is none.
    pub status: Option<u16>,
    /// What the message contains, whatever the case of its letters; anything where there is none.
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

/// An hour without use, as in the quick reference: a break for lunch keeps the session, a night does not.
pub const DEFAULT_SESSION_TIMEOUT: Millis = 3_600_000;

/// The quick reference's setting: with its delay, up to 7 seconds of patience, enough for a server to restart.
pub const DEFAULT_RETRY_ATTEMPTS: u32 = 3;

/// The quick reference's setting: long enough for a process to come up, short enough for a person to wait.
pub const DEFAULT_RETRY_DELAY: Millis = 1000;

/// What the official SDKs give a request.
pub const DEFAULT_REQUEST_TIMEOUT: Millis = 60_000;

/// A handshake does no work of its own: half of what a request gets.
pub const DEFAULT_INIT_TIMEOUT: Millis = 30_000;

/// A person signs in, looks for a second factor, and consents.
pub const DEFAULT_AUTH_TIMEOUT: Millis = 300_000;

/// More attempts than that are a loop: at the backoff's cap of 30 s, 100 of them take 50 minutes.
pub const MAX_RETRY_ATTEMPTS: u32 = 100;

/// The hole that is always the user's id.
const USER_ID: &str = "USER_ID";

/// Adds a header that may be set and can be sent, in the place of an earlier one of its name.
fn add_header(headers: &mut Named<String>, problems: &mut Vec<Problem>, path: String, name: &str, value: String) {
    match check_header(name, &value) {
        Ok(()) => headers.insert(name.to_ascii_lowercase(), value),
        Err(fault) => problems.push(Problem::new(path, fault)),
    }
}

pub(crate) fn check_header(name: &str, value: &str) -> Result<(), &'static str> {
    if headers::is_reserved(name) {
        return Err("is a header that is set by the client itself");
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
    fn holes_are_filled_for_each_user() {
        let headers = server().headers_for("ann", &vars(&[("token", "t"), ("USER_ID", "eve")]), &[]);
        assert_eq!(headers, Ok(pairs(&[("authorization", "Bearer t hidden-2"), ("x-user", "ann")])));
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
                "mcpServers.db.headers.authorization: needs a value for {{token}}, which connect() was not given",
                "options.headers.Mcp-Session-Id: is a header that is set by the client itself",
                "options.headers.a b: has a name that HTTP does not allow",
            ]
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", server());
        assert!(shown.contains("authorization") && !shown.contains("hidden"), "{shown}");
    }
}
