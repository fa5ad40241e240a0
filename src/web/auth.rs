//! The users' auth providers, asked for a token by the machine.

use super::driver::Driver;
use super::handlers::about;
use super::hook::{Hook, Report};
use super::json::JsJson;
use super::sys::{self, AbortController};
use crate::core::SessionInfo;
use crate::core::kit::table::{Named, Table};
use crate::core::kit::text::{concat, number, split_once};
use crate::core::{Input, Level, SessionRef, Token, TokenRequest};
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
        request: TokenRequest,
    ) {
        let asked = info.is_some_and(|info| self.start(driver, session.0, info, request).is_ok());
        if !asked {
            failed(driver, session, None);
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

    fn start(&self, driver: &Driver, session: u64, info: SessionInfo, request: TokenRequest) -> Result<(), JsValue> {
        let provider = self.providers.borrow().get(&key(&info.user_id, &info.server_name)).cloned();
        let JsJson(provider) = provider.ok_or(JsValue::NULL)?;
        let aborter = AbortController::new()?;
        let signal = aborter.signal()?;
        self.asking.borrow_mut().insert(session, aborter);
        let context = about(Some(info));
        sys::put(&context, "url", &JsValue::from_str(&request.url));
        sys::put(&context, "status", &request.status.map_or(JsValue::UNDEFINED, Into::into));
        sys::put(&context, "challenge", &request.challenge.map_or(JsValue::UNDEFINED, Into::into));
        sys::put(&context, "attempt", &request.attempt.into());
        sys::put(&context, "fetch", &driver.network.users_fetch());
        sys::put(&context, "signal", &signal);
        let (done, failed) = (self.hook.of(Report::Token, session), self.hook.of(Report::NoToken, session));
        sys::ask_for_token(&provider, &context, &done, &failed)
    }
}

/// A server's name has no control characters, so the first one is the separator.
fn key(user: &str, server: &str) -> String {
    concat(&[server, "\0", user])
}

/// The provider has answered: host.js has made one text of it, the header, the time that it is good for, and whose it is, a
/// line each.
pub(super) fn answered(driver: &Rc<Driver>, session: u64, answer: Option<String>) {
    let token = answer.map(|answer| {
        let (header, rest) = split_once(&answer, "\n").unwrap_or((&answer, ""));
        let (left, subject) = split_once(rest, "\n").unwrap_or((rest, ""));
        let subject = Some(subject.to_owned()).filter(|subject| !subject.is_empty());
        Token { header: header.into(), expires_in: number(left.as_bytes()), subject }
    });
    told(driver, SessionRef(session), Ok(token));
}

fn told(driver: &Rc<Driver>, session: SessionRef, outcome: Result<Option<Token>, Option<JsJson>>) {
    driver.auth.asking.borrow_mut().remove(session.0);
    driver.input(Input::Token { session, outcome });
}

/// There is no token to be had. Why is not logged: a provider's error may quote what it was given.
pub(super) fn failed(driver: &Rc<Driver>, session: SessionRef, cause: Option<JsValue>) {
    let server = driver.info(session).map(|info| info.server_name).unwrap_or_default();
    driver.log.line(Level::Warn, &concat(&["[MCP][", &server, "] The auth provider failed"]));
    told(driver, session, Err(cause.map(JsJson)));
}

/// The first sweep happens at this number of providers.
const FIRST_SWEEP: usize = 256;
