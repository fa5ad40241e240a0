//! The users' auth providers, asked for a token by the machine.

use super::driver::Driver;
use super::hook::{Hook, Report};
use super::json::JsJson;
use super::sys::{self, AbortController};
use crate::core::SessionInfo;
use crate::core::kit::table::{Named, Table};
use crate::core::kit::text::{concat, split_once};
use crate::core::{Input, Level, SessionRef};
use js_sys::Object;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// One provider per (user, server), from the latest `connect`.
pub(super) struct Auth {
    providers: RefCell<Named<JsJson>>,
    /// The number of providers at which those of ended sessions are removed.
    sweep_at: Cell<usize>,
    asking: RefCell<Table<u64, AbortController>>,
    hook: Hook,
}

impl Auth {
    pub(super) fn new(hook: Hook) -> Self {
        Self { providers: RefCell::default(), sweep_at: Cell::new(FIRST_SWEEP), asking: RefCell::default(), hook }
    }

    /// Stores the provider of a (user, server).
    pub(super) fn set(&self, user: &str, server: &str, provider: &JsValue, lives: impl Fn(&str, &str) -> bool) {
        let mut providers = self.providers.borrow_mut();
        if providers.len() >= self.sweep_at.get() {
            providers.retain(|key| split_once(key, "\0").is_some_and(|(server, user)| lives(user, server)));
            self.sweep_at.set(FIRST_SWEEP.max(providers.len() * 2));
        }
        providers.insert(key(user, server), JsJson(provider.clone()));
    }

    /// Requests a token. `info` identifies the session's provider.
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

    /// The provider took too long: aborts its signal and ignores a late result.
    pub(super) fn cancel(&self, session: SessionRef) {
        if let Some(aborter) = self.asking.borrow_mut().remove(session.0) {
            let _ = aborter.abort();
        }
    }

    /// Aborts all token requests.
    pub(super) fn stop(&self) {
        for (_, aborter) in self.asking.take().iter() {
            let _ = aborter.abort();
        }
    }

    fn start(&self, session: u64, info: SessionInfo, challenge: Option<&str>) -> Result<(), JsValue> {
        let provider = self.providers.borrow().get(&key(&info.user_id, &info.server_name)).cloned();
        let JsJson(provider) = provider.ok_or(JsValue::NULL)?;
        let token = sys::method(&provider, "token").ok_or(JsValue::NULL)?;
        let aborter = AbortController::new()?;
        let context = JsValue::from(Object::new());
        sys::put(&context, "userId", &info.user_id.into());
        sys::put(&context, "serverName", &info.server_name.into());
        sys::put(&context, "challenge", &challenge.map_or(JsValue::UNDEFINED, Into::into));
        sys::put(&context, "signal", &aborter.signal()?);
        self.asking.borrow_mut().insert(session, aborter);
        let answer = token.call1(&provider, &context)?;
        sys::follow(&answer, &self.hook.of(Report::Token, session), &self.hook.of(Report::NoToken, session))
    }
}

/// A server's name has no control characters, so the first one is the separator.
fn key(user: &str, server: &str) -> String {
    concat(&[server, "\0", user])
}

pub(super) fn finish(driver: &Rc<Driver>, session: u64, token: Option<String>) {
    driver.auth.asking.borrow_mut().remove(session);
    driver.input(Input::Token { session: SessionRef(session), token: token.filter(|token| !token.is_empty()) });
}

/// The provider failed. Its error is not logged, because it may contain credentials.
pub(super) fn failed(driver: &Rc<Driver>, session: SessionRef) {
    let server = driver.info(session).map(|info| info.server_name).unwrap_or_default();
    driver.log.line(Level::Warn, &concat(&["[MCP][", &server, "] The auth provider failed"]));
    finish(driver, session.0, None);
}

/// The first sweep happens at this number of providers.
const FIRST_SWEEP: usize = 256;
