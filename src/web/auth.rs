//! The users' auth providers: asked for a token when the machine needs one.

use super::driver::Driver;
use super::hook::Hook;
use super::js::{self, Aborter};
use super::json::JsJson;
use crate::core::SessionInfo;
use crate::core::kit::table::{Named, Table};
use crate::core::kit::text::{concat, split_once};
use crate::core::{Input, Level, SessionRef};
use js_sys::Object;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// One provider a (user, server), as the last `connect` gave it.
pub(super) struct Auth {
    providers: RefCell<Named<JsJson>>,
    /// So many providers make it worth while to look for those of sessions that are gone.
    sweep_at: Cell<usize>,
    asking: RefCell<Table<u64, Aborter>>,
    on_token: Hook,
    on_error: Hook,
}

impl Auth {
    pub(super) fn new(driver: &Weak<Driver>) -> Self {
        Self {
            providers: RefCell::default(),
            sweep_at: Cell::new(FIRST_SWEEP),
            asking: RefCell::default(),
            on_token: Hook::new(driver, |driver, session, token| told(driver, session, token.as_string())),
            on_error: Hook::new(driver, |driver, session, _error| failed(driver, SessionRef(session))),
        }
    }

    /// Remembers the provider of a (user, server).
    pub(super) fn set(&self, user: &str, server: &str, provider: &JsValue, lives: impl Fn(&str, &str) -> bool) {
        let mut providers = self.providers.borrow_mut();
        if providers.len() >= self.sweep_at.get() {
            providers.retain(|key| split_once(key, "\0").is_some_and(|(server, user)| lives(user, server)));
            self.sweep_at.set(FIRST_SWEEP.max(providers.len() * 2));
        }
        providers.insert(key(user, server), JsJson(provider.clone()));
    }

    /// Asks for a token. `info` is the session's, and tells whose provider it is.
    pub(super) fn ask(
        &self,
        driver: &Rc<Driver>,
        session: SessionRef,
        info: Option<SessionInfo>,
        challenge: Option<&str>,
    ) {
        let asked = info.is_some_and(|info| self.start(session.0, info, challenge).is_ok());
        if !asked {
            failed(driver, session);
        }
    }

    /// The provider took too long: its signal is aborted, and what it says after all is not heard.
    pub(super) fn give_up(&self, session: SessionRef) {
        if let Some(aborter) = self.asking.borrow_mut().remove(session.0) {
            let _ = aborter.abort();
        }
    }

    /// Nobody waits for a token any more.
    pub(super) fn stop(&self) {
        for (_, aborter) in self.asking.take().iter() {
            let _ = aborter.abort();
        }
    }

    fn start(&self, session: u64, info: SessionInfo, challenge: Option<&str>) -> Result<(), JsValue> {
        let provider = self.providers.borrow().get(&key(&info.user_id, &info.server_name)).cloned();
        let JsJson(provider) = provider.ok_or(JsValue::NULL)?;
        let token = js::method(&provider, "token").ok_or(JsValue::NULL)?;
        let aborter = Aborter::new()?;
        let context = JsValue::from(Object::new());
        js::put(&context, "userId", &info.user_id.into());
        js::put(&context, "serverName", &info.server_name.into());
        js::put(&context, "challenge", &challenge.map_or(JsValue::UNDEFINED, Into::into));
        js::put(&context, "signal", &aborter.signal()?);
        self.asking.borrow_mut().insert(session, aborter);
        let answer = token.call1(&provider, &context)?;
        js::follow(&answer, &self.on_token.of(session), &self.on_error.of(session))
    }
}

/// A server's name has no control characters, so the first one ends it.
fn key(user: &str, server: &str) -> String {
    concat(&[server, "\0", user])
}

fn told(driver: &Rc<Driver>, session: u64, token: Option<String>) {
    driver.auth.asking.borrow_mut().remove(session);
    driver.input(Input::Token { session: SessionRef(session), token: token.filter(|token| !token.is_empty()) });
}

/// There is no token to be had. Why is not logged: a provider's error may quote what it was given.
fn failed(driver: &Rc<Driver>, session: SessionRef) {
    let server = driver.info(session).map(|info| info.server_name).unwrap_or_default();
    driver.log.line(Level::Warn, &concat(&["[MCP][", &server, "] The auth provider failed"]));
    told(driver, session.0, None);
}

/// Below that many providers nothing is gained by looking.
const FIRST_SWEEP: usize = 256;
