//! The exported class `Gateway`: the policy of the front as the Worker calls it. Compiled with the feature `gateway` alone.

use super::error;
use super::json::JsJson;
use super::sys;
use super::sys::word;
use crate::core::config::{self, Config, Problem};
use crate::core::mirror::is_annotated;
use crate::core::text::concat;
use crate::core::{Instant, Json};
use crate::gateway::breaker::{self, Breaker};
use crate::gateway::cors::Origins;
use crate::gateway::era::{self, Era, Head};
use crate::gateway::rate::Rates;
use crate::gateway::refusal::Refusal;
use crate::gateway::route::{self, Route};
use crate::gateway::{cache, forward, mirror, session_id};
use js_sys::{Array, Object};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// The rules of one front. A refusal is an object `{ name, status, code, message }`, and `undefined` means "go on".
#[wasm_bindgen]
pub struct Gateway {
    config: Config,
    origins: Origins,
    rates: RefCell<Rates>,
}

#[wasm_bindgen]
impl Gateway {
    /// The rules for these servers, with `${NAME}` looked up in `env`; for pages of these origins; and for so many requests
    /// a minute of each user (0: no limit).
    ///
    /// # Errors
    /// `config_error` with every fault of the configuration.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue, env: &JsValue, origins: Vec<String>, per_minute: u32) -> Result<Gateway, JsValue> {
        let lookup = |name: &str| sys::member(env, name)?.as_string();
        let (config, _) = config::parse(&JsJson(config), &JsJson(JsValue::UNDEFINED), &lookup)
            .map_err(|problems| error::config(Problem::lines(&problems)))?;
        if let Some(server) = config.servers.iter().map(|(name, _)| name).find(|name| !route::is_name(name)) {
            let path = concat(&["mcpServers.", server]);
            return Err(error::invalid(
                &path,
                "must be a name of letters, digits, '-', '.', '_' and '~': it is in the path",
            ));
        }
        Ok(Self { config, origins: Origins::of(&origins), rates: RefCell::new(Rates::new(per_minute)) })
    }

    /// How long the sessions of a server live: `[timeout, maxAge]` in milliseconds; `undefined` when there is no such server.
    pub fn lifetime(&self, server: &str) -> JsValue {
        let Some(server) = self.config.servers.get(server) else { return JsValue::UNDEFINED };
        let age = server.session.max_age.map_or(JsValue::UNDEFINED, |age| JsValue::from_f64(age as f64));
        Array::of2(&JsValue::from_f64(server.session.timeout as f64), &age).into()
    }

    /// Where a user's requests to a server go, and the headers that they carry: `[url, pairs]`.
    ///
    /// # Errors
    /// `config_error`: there is no such server, or a header cannot be filled in for this user.
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

    /// What a path leads to: `{ name, subject, allow }`, the subject being a server's name or a session's handle.
    pub fn route(&self, path: &str) -> JsValue {
        let Some(route) = Route::of(path) else { return JsValue::UNDEFINED };
        let subject = match route {
            Route::Session(handle) => Some(handle),
            _ => route.server(),
        };
        let found = JsValue::from(Object::new());
        sys::put(&found, "name", &word(route.name()));
        sys::put(&found, "subject", &subject.map_or(JsValue::UNDEFINED, JsValue::from_str));
        sys::put(&found, "allow", &JsValue::from_str(route.allow()));
        found
    }

    /// Whether a page of this origin may pass; so may who is no page.
    pub fn admits(&self, origin: Option<String>) -> bool {
        self.origins.admit(origin.as_deref())
    }

    /// The CORS headers of every answer to this origin, as pairs.
    #[wasm_bindgen(js_name = corsHeaders)]
    pub fn cors_headers(&self, origin: Option<String>) -> Array {
        pairs(self.origins.answer(origin.as_deref()))
    }

    /// The headers of the answer to a preflight, as pairs.
    #[wasm_bindgen(js_name = preflightHeaders)]
    pub fn preflight_headers(&self, origin: Option<String>, allow: &str, asked: Option<String>) -> Array {
        pairs(self.origins.preflight(origin.as_deref(), allow, asked.as_deref()))
    }

    /// Whether the media types of a request are right.
    #[wasm_bindgen(js_name = checkMedia)]
    pub fn check_media(&self, headers: &JsValue, method: &str) -> JsValue {
        refused(era::check_media(&head(headers), method))
    }

    /// What a POST with this body is: `initialize`, `session` or `modern`, or a refusal.
    #[wasm_bindgen(js_name = eraOfPost)]
    pub fn era_of_post(&self, headers: &JsValue, message: JsValue) -> JsValue {
        era(era::of_post(&head(headers), &JsJson(message)))
    }

    /// What a GET or a DELETE is, likewise.
    #[wasm_bindgen(js_name = eraOfOther)]
    pub fn era_of_other(&self, headers: &JsValue) -> JsValue {
        era(era::of_other(&head(headers)))
    }

    /// Whether the headers of a POST are such that the session that they name may read the rest.
    #[wasm_bindgen(js_name = namesSession)]
    pub fn names_session(&self, headers: &JsValue) -> bool {
        era::names_session(&head(headers))
    }

    /// What a message, or a request without one, is to the session that it names, which was opened with revision `agreed`;
    /// `version` is the request's header. `session` where it may pass, another era where it is no part of it, or a refusal.
    #[wasm_bindgen(js_name = eraInSession)]
    pub fn era_in_session(&self, version: Option<String>, message: JsValue, agreed: &str) -> JsValue {
        let message = (!message.is_undefined()).then_some(JsJson(message));
        // Which session that is, the object knows by its own name.
        let head = Head { session: Some(String::new()), version, ..Head::default() };
        era(era::in_session(&head, message.as_ref(), agreed))
    }

    /// The headers that a page's client left out of a 2026-07-28 request, as pairs; `tool` is the one that it calls.
    #[wasm_bindgen(js_name = missingHeaders)]
    pub fn missing_headers(&self, headers: &JsValue, message: JsValue, tool: JsValue) -> Array {
        let tool = (!tool.is_undefined()).then_some(JsJson(tool));
        let given = |name: &str| text_of(headers, name).is_some();
        pairs(mirror::missing(&head(headers), &JsJson(message), tool.as_ref(), given))
    }

    /// Whether a tool wants arguments mirrored into headers.
    #[wasm_bindgen(js_name = isAnnotated)]
    pub fn is_annotated(&self, tool: JsValue) -> bool {
        is_annotated(&JsJson(tool))
    }

    /// The key under which the result of a request may be kept; `undefined` where it may not.
    #[wasm_bindgen(js_name = cacheKey)]
    pub fn cache_key(&self, message: JsValue) -> Option<String> {
        cache::key(&JsJson(message))
    }

    /// For how many milliseconds a result may be given to anybody; 0: not at all.
    #[wasm_bindgen(js_name = publicFor)]
    pub fn public_for(&self, result: JsValue) -> f64 {
        cache::public_for(&JsJson(result)) as f64
    }

    /// Whether a piece of a stream may tell that something cached has changed.
    #[wasm_bindgen(js_name = tellsOfChange)]
    pub fn tells_of_change(&self, text: &str) -> bool {
        cache::tells_of_change(text)
    }

    /// Whether a header of a request goes on to the server.
    #[wasm_bindgen(js_name = goesToServer)]
    pub fn goes_to_server(&self, name: &str) -> bool {
        forward::to_server(name)
    }

    /// Whether a header of an answer goes on to the client.
    #[wasm_bindgen(js_name = goesToClient)]
    pub fn goes_to_client(&self, name: &str) -> bool {
        forward::to_client(name)
    }

    /// Takes one request from a user's allowance; how many seconds to wait where it is spent, else 0.
    #[wasm_bindgen(js_name = takeRate)]
    pub fn take_rate(&self, user: &str, now: f64) -> f64 {
        let now = Instant::from_millis(now as u64);
        self.rates.borrow_mut().take(user, now).err().unwrap_or(0) as f64
    }

    /// Whether an error of a session, by its code and HTTP status, says that the server is out of reach.
    #[wasm_bindgen(js_name = isOutOfReach)]
    pub fn is_out_of_reach(&self, code: &str, status: Option<u16>) -> bool {
        breaker::is_out_of_reach(code, status.unwrap_or_default())
    }

    /// What becomes of the breaker of a user and a server, `{ failures, since, openings, until, trying, wait }` or nothing yet,
    /// when something happens at that moment: `admit` (then `wait` says for how many milliseconds the server is still left alone),
    /// or `failed`. `cooldown` is for how long it opens. When the server works, all that is forgotten.
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
        Refusal::ALL.iter().find(|refusal| refusal.name() == name).map_or(JsValue::UNDEFINED, |found| told(*found))
    }

    /// Whether a server of this name has a path.
    #[wasm_bindgen(js_name = isServerName)]
    pub fn is_server_name(&self, name: &str) -> bool {
        route::is_name(name)
    }

    /// Whether this may be a session id of ours.
    #[wasm_bindgen(js_name = isPlausibleId)]
    pub fn is_plausible_id(&self, id: &str) -> bool {
        session_id::is_plausible(id)
    }

    /// Whether two texts are the same, in constant time.
    pub fn same(&self, one: &str, other: &str) -> bool {
        session_id::same(one, other)
    }
}

/// Reads the headers that decide, from an object of all headers by their names in lower case (worker/head.js).
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
    era.map_or_else(told, |era| word(era.name()))
}

fn refused(checked: Result<(), Refusal>) -> JsValue {
    checked.map_or_else(told, |()| JsValue::UNDEFINED)
}

fn told(refusal: Refusal) -> JsValue {
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
