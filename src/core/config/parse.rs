//! Parses the configuration: reports all faults at once, each with its path, and unknown keys as warnings.

use crate::core::config::limits::Limits;
use crate::core::config::problem::Problem;
use crate::core::config::reader::{IS_MISSING, Range, Reader, Section, milliseconds_from};
use crate::core::config::server::{
    Config, Connections, DEFAULT_AUTH_TIMEOUT, DEFAULT_INIT_TIMEOUT, DEFAULT_REQUEST_TIMEOUT, LostWhen,
    MAX_RETRY_ATTEMPTS, Protocol, ServerConfig, SessionConfig, Transport, check_header,
};
use crate::core::config::template::Template;
use crate::core::kit::table::Named;
use crate::core::kit::text::{self, concat};
use crate::core::protocol::json::Json;
use crate::core::protocol::replay::Replay;
use crate::core::protocol::revisions::{MODERN, VERSIONS};
use crate::core::protocol::url::fault;
use std::rc::Rc;

/// Parses a manager's configuration, and `limits` and `debug` from its options; `env` looks up environment variables.
///
/// A server's `sessionConfig` overrides the `MCP_SESSION_*` variables, which override the defaults. A `null` member
/// counts as absent, and so does an empty variable.
///
/// # Errors
/// All faults. On success: the configuration, and a warning for each unknown key.
pub fn parse<J: Json>(
    config: &J,
    options: &J,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    let mut reader = Reader { env, problems: Vec::new(), warnings: Vec::new() };
    let session = reader.environment();
    let servers = reader.servers(config, &session);
    let options = Section { path: "options".into(), value: options.clone() };
    reader.warn_of_unknown(&options, &OPTIONS);
    let limits = reader.limits(&options);
    let debug = reader.debug(&options);
    let keeps = options.value.get("storage").is_some();
    if reader.problems.is_empty() {
        Ok((Config { servers, limits, debug, keeps, connections: Connections::default() }, reader.warnings))
    } else {
        // A misspelled key is often why another one is missing.
        reader.problems.append(&mut reader.warnings);
        Err(reader.problems)
    }
}

impl Reader<'_> {
    fn servers<J: Json>(&mut self, config: &J, session: &SessionConfig) -> Named<Rc<ServerConfig>> {
        let mut servers = Named::default();
        let root = Section { path: String::new(), value: config.clone() };
        self.warn_of_unknown(&root, &["mcpServers"]);
        if config.get("mcpServers").is_none() {
            self.problem("config".into(), "must be an object { mcpServers: { name: { url } } }");
        }
        let Some(list) = self.section(&root, "mcpServers") else { return servers };
        for name in list.value.keys().unwrap_or_default() {
            let section = self.required_section(&list, &name);
            let server = section.and_then(|section| self.server(&name, &section, session));
            if let Some(server) = server {
                servers.insert(name, Rc::new(server));
            }
        }
        servers
    }

    fn server<J: Json>(&mut self, name: &str, server: &Section<J>, session: &SessionConfig) -> Option<ServerConfig> {
        if name.is_empty() || name.len() > MAX_NAME_BYTES || text::has_control(name) {
            self.problem(server.path.clone(), "must have a name of 1 to 128 bytes without control characters");
        }
        // What desktop applications configure: a program that talks over its standard input and output.
        if server.value.get("command").is_some() && server.value.get("url").is_none() {
            self.problem(server.path_of("command"), IS_STDIO);
            return None;
        }
        self.warn_of_unknown(server, &SERVER);
        Some(ServerConfig {
            name: name.into(),
            transport: self.transport(server),
            headers: self.headers(server),
            timeout: self.milliseconds(server, "timeout", 1, DEFAULT_REQUEST_TIMEOUT),
            init_timeout: self.milliseconds(server, "initTimeout", 1, DEFAULT_INIT_TIMEOUT),
            auth_timeout: self.milliseconds(server, "authTimeout", 1, DEFAULT_AUTH_TIMEOUT),
            protocol: self.protocol(server),
            session: self.session(server, session),
            url: Rc::from(self.url(server)?),
        })
    }

    fn transport<J: Json>(&mut self, server: &Section<J>) -> Transport {
        match self.string(server, "type").as_deref() {
            None | Some("streamable-http" | "http") => Transport::StreamableHttp,
            Some("sse") => Transport::HttpSse,
            Some(_) => {
                self.problem(server.path_of("type"), "must be 'streamable-http', 'http' or 'sse'");
                Transport::StreamableHttp
            }
        }
    }

    fn protocol<J: Json>(&mut self, server: &Section<J>) -> Protocol {
        match self.string(server, "protocolVersion") {
            None => Protocol::Auto,
            Some(text) if text == "auto" => Protocol::Auto,
            Some(text) if text == "legacy" => Protocol::Legacy,
            Some(text) if text == MODERN || VERSIONS.contains(&text.as_str()) => Protocol::Pinned(text),
            Some(_) => {
                let message = "must be 'auto', 'legacy' or a revision from '2024-11-05' to '2026-07-28'";
                self.problem(server.path_of("protocolVersion"), message);
                Protocol::Auto
            }
        }
    }

    fn url<J: Json>(&mut self, server: &Section<J>) -> Option<String> {
        let path = server.path_of("url");
        if server.value.get("url").is_none() {
            self.problem(path, IS_MISSING);
            return None;
        }
        let text = self.string(server, "url")?;
        let template = self.template(&path, &text)?;
        let text = template.literal();
        let fault = if template.has_holes() {
            Some("contains a {{name}}, which is replaced in headers only")
        } else {
            fault(&text)
        };
        match fault {
            None => Some(text),
            Some(fault) => {
                self.problem(path, fault);
                None
            }
        }
    }

    fn headers<J: Json>(&mut self, server: &Section<J>) -> Vec<(String, Template)> {
        let mut headers: Vec<(String, Template)> = Vec::new();
        let Some(section) = self.section(server, "headers") else { return headers };
        for name in section.value.keys().unwrap_or_default() {
            let path = section.path_of(&name);
            let Some(text) = self.string(&section, &name) else { continue };
            let Some(template) = self.template(&path, &text) else { continue };
            let lower = name.to_ascii_lowercase();
            let fault = if headers.iter().any(|(other, _)| *other == lower) {
                Some("is a duplicate: header names are case-insensitive")
            } else {
                check_header(&name, &template.literal()).err()
            };
            match fault {
                None => headers.push((lower, template)),
                Some(fault) => self.problem(path, fault),
            }
        }
        headers
    }

    fn session<J: Json>(&mut self, server: &Section<J>, base: &SessionConfig) -> SessionConfig {
        let Some(section) = self.section(server, "sessionConfig") else { return base.clone() };
        self.warn_of_unknown(&section, &SESSION);
        SessionConfig {
            timeout: self.milliseconds(&section, "timeout", 1, base.timeout),
            retry_attempts: self.number(&section, "retryAttempts", &ATTEMPTS).map_or(base.retry_attempts, clamped),
            retry_delay: self.milliseconds(&section, "retryDelay", 0, base.retry_delay),
            max_age: self.number(&section, "maxAge", &milliseconds_from(1)).or(base.max_age),
            keep_alive: self.number(&section, "keepAlive", &milliseconds_from(1)).or(base.keep_alive),
            replay: self.replay(&section).unwrap_or(base.replay),
            lost_when: Rc::new(self.lost_when(&section)),
        }
    }

    fn lost_when<J: Json>(&mut self, session: &Section<J>) -> Vec<LostWhen> {
        let Some(value) = session.value.get("lostWhen") else { return Vec::new() };
        let path = session.path_of("lostWhen");
        let Some(items) = value.as_array() else {
            self.problem(path, "must be an array of { status, message }");
            return Vec::new();
        };
        let mut list = Vec::new();
        for (at, item) in items.into_iter().enumerate() {
            let section = Section { path: concat(&[&path, "[", &text::decimal(at as u64), "]"]), value: item };
            self.warn_of_unknown(&section, &LOST_WHEN);
            let status = self.number(&section, "status", &STATUS).map(|status| clamped(status) as u16);
            let message = self.string(&section, "message").filter(|message| !message.is_empty());
            if status.is_none() && message.is_none() {
                self.problem(section.path, "must have a status or a message");
            } else {
                list.push(LostWhen { status, message });
            }
        }
        list
    }

    fn replay<J: Json>(&mut self, session: &Section<J>) -> Option<Replay> {
        let replay = Replay::parse(&self.string(session, "replay")?);
        if replay.is_none() {
            self.problem(session.path_of("replay"), Replay::RULE);
        }
        replay
    }

    fn limits<J: Json>(&mut self, options: &Section<J>) -> Limits {
        let mut limits = Limits::default();
        let Some(section) = self.section(options, "limits") else { return limits };
        self.warn_of_unknown(&section, &LIMITS);
        let places = [
            &mut limits.max_users,
            &mut limits.max_sessions_per_user,
            &mut limits.max_in_flight,
            &mut limits.max_queued,
            &mut limits.max_message_bytes,
            &mut limits.max_error_bytes,
            &mut limits.max_session_id_bytes,
            &mut limits.max_streams_per_origin,
        ];
        for (key, place) in LIMITS.iter().zip(places) {
            // A queue and an error's text are optional; a zero in any other limit would disable the client.
            let (least, rule) =
                if matches!(*key, "maxQueued" | "maxErrorBytes") { (0, COUNT_OR_ZERO_RULE) } else { (1, COUNT_RULE) };
            let range = Range { least, most: u64::from(u32::MAX), rule };
            if let Some(limit) = self.number(&section, key, &range) {
                *place = usize::try_from(limit).unwrap_or(usize::MAX);
            }
        }
        limits
    }

    fn debug<J: Json>(&mut self, options: &Section<J>) -> bool {
        if let Some(value) = options.value.get("debug") {
            if value.as_bool().is_none() {
                self.problem(options.path_of("debug"), "must be true or false");
            }
            return value.as_bool().unwrap_or_default();
        }
        match self.variable("MCP_SESSION_DEBUG").as_deref() {
            Some("true" | "1") => true,
            None | Some("false" | "0") => false,
            Some(_) => {
                self.problem("MCP_SESSION_DEBUG".into(), "must be 'true' or 'false'");
                false
            }
        }
    }

    /// The defaults of every session, overridden by the environment.
    fn environment(&mut self) -> SessionConfig {
        let defaults = SessionConfig::default();
        SessionConfig {
            timeout: self.variable_number("MCP_SESSION_TIMEOUT", &milliseconds_from(1)).unwrap_or(defaults.timeout),
            retry_attempts: self
                .variable_number("MCP_SESSION_RETRY_ATTEMPTS", &ATTEMPTS)
                .map_or(defaults.retry_attempts, clamped),
            retry_delay: self
                .variable_number("MCP_SESSION_RETRY_DELAY", &milliseconds_from(0))
                .unwrap_or(defaults.retry_delay),
            ..defaults
        }
    }
}

const ATTEMPTS: Range =
    Range { least: 0, most: MAX_RETRY_ATTEMPTS as u64, rule: "must be a whole number from 0 to 100" };

const STATUS: Range = Range { least: 200, most: 599, rule: "must be an HTTP status from 200 to 599" };

const COUNT_RULE: &str = "must be a whole number from 1 to 4294967295";
const COUNT_OR_ZERO_RULE: &str = "must be a whole number from 0 to 4294967295";
const IS_STDIO: &str =
    "cannot be run from here: put the server behind HTTP and give its url, see docs/toolchains.md#stdio";

const OPTIONS: [&str; 8] = ["env", "debug", "log", "fetch", "clientInfo", "capabilities", "storage", "limits"];
const SERVER: [&str; 8] =
    ["type", "url", "headers", "timeout", "initTimeout", "authTimeout", "protocolVersion", "sessionConfig"];
const SESSION: [&str; 7] = ["timeout", "retryAttempts", "retryDelay", "maxAge", "keepAlive", "replay", "lostWhen"];
const LOST_WHEN: [&str; 2] = ["status", "message"];
/// In the order of the fields of [`Limits`].
const LIMITS: [&str; 8] = [
    "maxUsers",
    "maxSessionsPerUser",
    "maxInFlight",
    "maxQueued",
    "maxMessageBytes",
    "maxErrorBytes",
    "maxSessionIdBytes",
    "maxStreamsPerOrigin",
];

/// Log lines begin with the name, so it must be short and must not be able to forge a line.
const MAX_NAME_BYTES: usize = 128;

/// A number whose range lies within `u32`.
fn clamped(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(MAX_RETRY_ATTEMPTS)
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;
