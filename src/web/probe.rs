//! CORS checks: in pages and their workers, whether a failure may be a response that the browser hides.
//!
//! To a page, a server that is down, a connection that broke and a response without CORS headers are one and the same
//! `TypeError`. A request that needs no such headers tells them apart: HEAD, without a session id, without credentials,
//! its response opaque. If that is answered, the server can be reached. Isolated pages and workers get no opaque
//! responses, so a second request asks for a readable one: most servers put the headers on most responses.

use super::abort::{Controller, Pool};
use super::js;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// The origin of this page, in hosts where there is one, and its checks.
pub(super) struct Cors {
    origin: Option<String>,
    checks: RefCell<Vec<Check>>,
}

/// One check of one URL, shared by the exchanges that fail while it runs.
struct Check {
    /// The exchange that it was started for.
    id: u64,
    url: Rc<str>,
    /// Its own: the exchange that it was started for may be given up while others wait.
    controller: Rc<Controller>,
    /// Exchanges whose failure it explains.
    waiting: Vec<u64>,
    /// Whether the server can be reached, and when that was found out.
    finding: Option<(bool, f64)>,
}

/// What an exchange that failed has to do.
pub(super) enum Asked {
    /// Start the check, with this signal.
    Start(JsValue),
    /// Wait for the check that runs.
    Wait,
    /// Nothing: whether the server can be reached was found out a moment ago.
    Known(bool),
}

impl Cors {
    pub(super) fn new() -> Self {
        Self { origin: js::origin(), checks: RefCell::default() }
    }

    /// Whether CORS stands between us and this URL.
    pub(super) fn applies_to(&self, url: &str) -> bool {
        self.origin.as_deref().is_some_and(|origin| {
            url.strip_prefix(origin)
                .is_none_or(|rest| !(rest.is_empty() || rest.starts_with("/") || rest.starts_with("?")))
        })
    }

    /// Enters exchange `id` into the check of `url`: one at a time, whose finding holds for a moment. A server that goes
    /// down under 64 calls is asked once.
    ///
    /// # Errors
    /// The host cannot make an `AbortController`.
    pub(super) fn ask(&self, id: u64, url: &Rc<str>, controllers: &Pool) -> Result<Asked, JsValue> {
        let now = js::ticks();
        let mut checks = self.checks.borrow_mut();
        checks.retain(|check| check.finding.is_none_or(|(_, at)| now - at < MEMORY));
        if let Some(check) = checks.iter_mut().find(|check| *check.url == **url) {
            if let Some((reached, _)) = check.finding {
                return Ok(Asked::Known(reached));
            }
            check.waiting.push(id);
            return Ok(Asked::Wait);
        }
        let controller = controllers.take()?;
        let signal = controller.signal.clone();
        checks.push(Check { id, url: Rc::clone(url), controller, waiting: vec![id], finding: None });
        Ok(Asked::Start(signal))
    }

    /// The check that `id` started is over. Returns the exchanges that waited for it.
    pub(super) fn found(&self, id: u64, reached: bool) -> Vec<u64> {
        let mut checks = self.checks.borrow_mut();
        let Some(check) = checks.iter_mut().find(|check| check.id == id) else { return Vec::new() };
        check.finding = Some((reached, js::ticks()));
        std::mem::take(&mut check.waiting)
    }

    /// Exchange `id` no longer waits. A check that no exchange waits for is stopped.
    pub(super) fn leave(&self, id: u64) {
        self.checks.borrow_mut().retain_mut(|check| {
            check.waiting.retain(|waiting| *waiting != id);
            let wanted = check.finding.is_some() || !check.waiting.is_empty();
            if !wanted {
                check.controller.abort();
            }
            wanted
        });
    }
}

/// Milliseconds that a finding holds: for the exchanges that fail in the same moment, not for those of their retries.
const MEMORY: f64 = 250.0;
