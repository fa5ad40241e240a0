//! The exported class `Gateway`: the gateway's policy for the Worker. Compiled with the feature `gateway` only.

use super::error;
use super::json::JsJson;
use super::sys;
use super::sys::word;
use crate::core::config::{self, Config, Problem};
use crate::core::kit::text::concat;
use crate::core::protocol::mirror::is_annotated;
use crate::core::{Instant, Json};
use crate::gateway::breaker::{self, Breaker};
use crate::gateway::cors::Origins;
use crate::gateway::era::{self, Era};
use crate::gateway::head::Head;
use crate::gateway::rate::Rates;
use crate::gateway::refusal::Refusal;
use crate::gateway::route::{self, Route};
use crate::gateway::{cache, forward, mirror, session_id};
use js_sys::{Array, Object};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// The policy of one gateway. A refusal is an object `{ name, status, code, message }`; `undefined` means that the
/// request may pass.
#[wasm_bindgen]
pub struct Gateway {
    config: Config,
    origins: Origins,
    rates: RefCell<Rates>,
}

#[wasm_bindgen]
impl Gateway {
    /// A policy for these servers, with `${NAME}` looked up in `env`; for these CORS origins; and for this number of
    /// requests a minute and user (0: no limit).
    ///
    /// # Errors
    /// `config_error` with all faults of the configuration.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue, env: &JsValue, origins: Vec<String>, per_minute: u32) -> Result<Gateway, JsValue> {
        let lookup = |name: &str| sys::member(env, name)?.as_string();
        let (config, _) = config::parse(&JsJson(config), &JsJson(JsValue::UNDEFINED), &lookup)
            .map_err(|problems| error::config(Problem::lines(&problems)))?;
        if let Some(server) = config.servers.iter().map(|(name, _)| name).find(|name| !route::is_name(name)) {
            let path = concat(&["mcpServers.", server]);
            return Err(error::invalid(
                &path,
                "must consist of letters, digits, '-', '.', '_' and '~', because it is part of the path",
            ));
        }
        Ok(Self { config, origins: Origins::of(&origins), rates: RefCell::new(Rates::new(per_minute)) })
    }

    /// The lifetime of a server's sessions: `[timeout, maxAge]` in milliseconds; `undefined` for an unknown server.
    pub fn lifetime(&self, server: &str) -> JsValue {
        let Some(server) = self.config.servers.get(server) else { return JsValue::UNDEFINED };
        let age = server.session.max_age.map_or(JsValue::UNDEFINED, |age| JsValue::from_f64(age as f64));
        Array::of2(&JsValue::from_f64(server.session.timeout as f64), &age).into()
    }

    /// The URL of a user's requests to a server, and their headers: `[url, pairs]`.
    ///
    /// # Errors
    /// `config_error` for an unknown server, or for a header that lacks a value for this user.
    pub fn upstream(&self, server: &str, user: &str, vars: JsValue) -> Result<Array, JsValue> {
        let Some(server) = self.config.servers.get(server) else {
            return Err(error::invalid("server", "is not configured"));
        };
        let vars = JsJson(vars);
        let text = |name: &String| Some((name.clone(), vars.get_str(name)?));
        let vars = vars.keys().unwrap_or_default().iter().filter_map(text).collect();
        let headers =
            server.headers_for(user, &vars, &[]).map_err(|problems| error::config(Problem::lines(&problems)))?;
        let list = Array::new();
        for (name, value) in headers {
            list.push(&Array::of2(&word(&name), &JsValue::from_str(&value)));
        }
        Ok(Array::of2(&JsValue::from_str(&server.url), &list))
    }

    /// The target of a path: `{ name, subject, allow }`; `subject` is a server's name or a session's handle.
    pub fn route(&self, path: &str) -> JsValue {
        let Some(route) = Route::of(path) else { return JsValue::UNDEFINED };
        let subject = route.handle().or_else(|| route.server());
        let found = JsValue::from(Object::new());
        sys::put(&found, "name", &word(route.name()));
        sys::put(&found, "subject", &subject.map_or(JsValue::UNDEFINED, JsValue::from_str));
        sys::put(&found, "allow", &JsValue::from_str(route.allow()));
        found
    }

    /// Whether requests of this origin may pass; requests without an origin always may.
    pub fn admits(&self, origin: Option<String>) -> bool {
        self.origins.admit(origin.as_deref())
    }

    /// The CORS headers of every response to this origin, as pairs.
    #[wasm_bindgen(js_name = corsHeaders)]
    pub fn cors_headers(&self, origin: Option<String>) -> Array {
        pairs(self.origins.response_headers(origin.as_deref()))
    }

    /// The headers of a preflight response, as pairs.
    #[wasm_bindgen(js_name = preflightHeaders)]
    pub fn preflight_headers(&self, origin: Option<String>, allow: &str, asked: Option<String>) -> Array {
        pairs(self.origins.preflight(origin.as_deref(), allow, asked.as_deref()))
    }

    /// Checks the media types of a request.
    #[wasm_bindgen(js_name = checkMedia)]
    pub fn check_media(&self, headers: &JsValue, method: &str) -> JsValue {
        refused(era::check_media(&head(headers), method))
    }

    /// Classifies a POST with this body: `initialize`, `session` or `modern`, or a refusal.
    #[wasm_bindgen(js_name = eraOfPost)]
    pub fn era_of_post(&self, headers: &JsValue, message: JsValue) -> JsValue {
        era(era::of_post(&head(headers), &JsJson(message)))
    }

    /// Classifies a GET or a DELETE, likewise.
    #[wasm_bindgen(js_name = eraOfOther)]
    pub fn era_of_other(&self, headers: &JsValue) -> JsValue {
        era(era::of_other(&head(headers)))
    }

    /// Whether the headers of a POST allow it to be forwarded unread to the session that they name.
    #[wasm_bindgen(js_name = namesSession)]
    pub fn names_session(&self, headers: &JsValue) -> bool {
        era::names_session(&head(headers))
    }

    /// Classifies a message, or a request without one, for the session that it names, which negotiated revision
    /// `agreed`; `version` is the request's header. `session` if it may pass, another era if it belongs to none, or a
    /// refusal.
    #[wasm_bindgen(js_name = eraInSession)]
    pub fn era_in_session(&self, version: Option<String>, message: JsValue, agreed: &str) -> JsValue {
        let message = (!message.is_undefined()).then_some(JsJson(message));
        // The id itself is irrelevant here: the Durable Object is named by it.
        let head = Head { session: Some(String::new()), version, ..Head::default() };
        era(era::in_session(&head, message.as_ref(), agreed))
    }

    /// The revision of a session whose client asks for `asked`.
    pub fn negotiated(&self, asked: &str) -> JsValue {
        word(era::negotiated(asked))
    }

    /// The headers that a page's client omitted from a 2026-07-28 request, as pairs; `tool` is the called tool.
    #[wasm_bindgen(js_name = missingHeaders)]
    pub fn missing_headers(&self, headers: &JsValue, message: JsValue, tool: JsValue) -> Array {
        let tool = (!tool.is_undefined()).then_some(JsJson(tool));
        let given = |name: &str| text_of(headers, name).is_some();
        pairs(mirror::missing(&head(headers), &JsJson(message), tool.as_ref(), given))
    }

    /// Whether a tool has arguments that are mirrored into headers.
    #[wasm_bindgen(js_name = isAnnotated)]
    pub fn is_annotated(&self, tool: JsValue) -> bool {
        is_annotated(&JsJson(tool))
    }

    /// The cache key of a request; `undefined` if its result may not be cached.
    #[wasm_bindgen(js_name = cacheKey)]
    pub fn cache_key(&self, message: JsValue) -> Option<String> {
        cache::key(&JsJson(message))
    }

    /// How many milliseconds a result may be shared between users; 0: not at all.
    #[wasm_bindgen(js_name = publicFor)]
    pub fn public_for(&self, result: JsValue) -> f64 {
        cache::public_for(&JsJson(result)) as f64
    }

    /// Whether a part of a stream may contain a change notification for cached results.
    #[wasm_bindgen(js_name = tellsOfChange)]
    pub fn may_signal_change(&self, text: &str) -> bool {
        cache::may_signal_change(text)
    }

    /// Whether a request header is forwarded to the server.
    #[wasm_bindgen(js_name = goesToServer)]
    pub fn goes_to_server(&self, name: &str) -> bool {
        forward::to_server(name)
    }

    /// Whether a response header is forwarded to the client.
    #[wasm_bindgen(js_name = goesToClient)]
    pub fn goes_to_client(&self, name: &str) -> bool {
        forward::to_client(name)
    }

    /// Takes this number of requests from a user's rate limit; the seconds to pause if it is exhausted, else 0.
    #[wasm_bindgen(js_name = takeRate)]
    pub fn take_rate(&self, user: &str, count: u32, now: f64) -> f64 {
        let now = Instant::from_millis(now as u64);
        self.rates.borrow_mut().take(user, count, now).err().unwrap_or(0) as f64
    }

    /// Whether a session error, by its code and HTTP status, means that the server is unreachable.
    #[wasm_bindgen(js_name = isOutOfReach)]
    pub fn is_out_of_reach(&self, code: &str, status: Option<u16>) -> bool {
        breaker::is_out_of_reach(code, status.unwrap_or_default())
    }

    /// The next state of the breaker of a user and a server, `{ failures, since, openings, until, trying, wait }`, from
    /// the known one (if any) and an event at this moment: `admit` (`wait` is then the rest of the cooldown in
    /// milliseconds) or `failed`. `cooldown` is the first one. After a success, the state is discarded.
    #[wasm_bindgen(js_name = breakerAfter)]
    pub fn breaker_after(&self, known: &JsValue, happened: &str, now: f64, cooldown: f64) -> JsValue {
        let number =
            |name: &str| sys::member(known, name).and_then(|value| value.as_f64()).map_or(0, |value| value as u64);
        let mut breaker = Breaker {
            failures: number("failures"),
            since: number("since"),
            openings: number("openings"),
            until: number("until"),
            trying: number("trying"),
        };
        let now = Instant::from_millis(now as u64);
        let mut wait = 0;
        match happened {
            "admit" => wait = breaker.admit(now).err().unwrap_or(0),
            _ => breaker.note_failure(now, cooldown as u64),
        }
        let after = JsValue::from(Object::new());
        let Breaker { failures, since, openings, until, trying } = breaker;
        for (name, value) in [
            ("failures", failures),
            ("since", since),
            ("openings", openings),
            ("until", until),
            ("trying", trying),
            ("wait", wait),
        ] {
            sys::put(&after, name, &JsValue::from_f64(value as f64));
        }
        after
    }

    /// The refusal of this name.
    pub fn refusal(&self, name: &str) -> JsValue {
        Refusal::ALL
            .iter()
            .find(|refusal| refusal.name() == name)
            .map_or(JsValue::UNDEFINED, |found| refusal_object(*found))
    }

    /// Whether a server of this name can have a path.
    #[wasm_bindgen(js_name = isServerName)]
    pub fn is_server_name(&self, name: &str) -> bool {
        route::is_name(name)
    }

    /// Whether this has the form of an issued session id.
    #[wasm_bindgen(js_name = isPlausibleId)]
    pub fn is_plausible_id(&self, id: &str) -> bool {
        session_id::is_plausible(id)
    }

    /// Whether two strings are equal, in constant time.
    pub fn same(&self, one: &str, other: &str) -> bool {
        session_id::same(one, other)
    }
}

/// The headers that decide, from an object of all headers by lower-case name (gateway/head.js).
fn head(headers: &JsValue) -> Head {
    let text = |name: &str| text_of(headers, name);
    Head {
        session: text("mcp-session-id"),
        version: text("mcp-protocol-version"),
        method: text("mcp-method"),
        name: text("mcp-name"),
        accept: text("accept"),
        content_type: text("content-type"),
        from_page: text("origin").is_some(),
    }
}

fn text_of(headers: &JsValue, name: &str) -> Option<String> {
    sys::member(headers, name)?.as_string()
}

fn era(era: Result<Era, Refusal>) -> JsValue {
    era.map_or_else(refusal_object, |era| word(era.name()))
}

fn refused(checked: Result<(), Refusal>) -> JsValue {
    checked.map_or_else(refusal_object, |()| JsValue::UNDEFINED)
}

fn refusal_object(refusal: Refusal) -> JsValue {
    let object = JsValue::from(Object::new());
    sys::put(&object, "name", &word(refusal.name()));
    sys::put(&object, "status", &JsValue::from_f64(refusal.status().into()));
    sys::put(&object, "code", &JsValue::from_f64(refusal.code().into()));
    sys::put(&object, "message", &JsValue::from_str(refusal.message()));
    object
}

fn pairs<Name: AsRef<str>>(headers: Vec<(Name, String)>) -> Array {
    let pairs = Array::new();
    for (name, value) in headers {
        pairs.push(&Array::of2(&word(name.as_ref()), &JsValue::from_str(&value)));
    }
    pairs
}
