//! The owner's storage: never trusted to be there, to be quick, or to hold what was put into it.

use super::driver::Driver;
use super::failure;
use super::json::JsJson;
use super::{sys, task};
use crate::core::kit::text::concat;
use crate::core::{Input, Json, Level, SessionRef};
use js_sys::{JsString, Promise};
use std::cell::Cell;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The storage of one driver.
pub(super) struct Storage {
    place: Option<JsValue>,
    /// What is being stored or removed.
    pending: Cell<usize>,
}

impl Storage {
    pub(super) fn new(place: Option<JsValue>) -> Self {
        Self { place, pending: Cell::new(0) }
    }

    /// Whether nothing is being stored or removed.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.get() == 0
    }

    /// Looks what is stored.
    pub(super) fn recall(&self, driver: &Rc<Driver>, session: SessionRef, name: &str) {
        self.perform(driver, "get", name, None, Some(session));
    }

    /// Stores something, or removes it.
    pub(super) fn keep(&self, driver: &Rc<Driver>, name: &str, value: Option<JsJson>) {
        let method = if value.is_some() { "set" } else { "delete" };
        self.perform(driver, method, name, value.map(|value| value.to_text()), None);
    }

    fn perform(
        &self,
        driver: &Rc<Driver>,
        method: &str,
        name: &str,
        value: Option<String>,
        wanted_by: Option<SessionRef>,
    ) {
        let Some(place) = &self.place else { return };
        if wanted_by.is_none() {
            self.pending.set(self.pending.get() + 1);
        }
        let promise = sys::store(place, method, name, value);
        task::spawn(Box::pin(settled(Rc::downgrade(driver), promise, wanted_by)));
    }
}

/// Waits for the storage, and tells the machine what was stored, if that was asked for.
async fn settled(driver: Weak<Driver>, promise: Promise, wanted_by: Option<SessionRef>) {
    let outcome = JsFuture::from(promise).await;
    let Some(driver) = driver.upgrade() else { return };
    if let Err(thrown) = &outcome {
        driver.log.line(Level::Warn, &concat(&["[MCP] The storage failed: ", &failure::words(thrown)]));
    }
    if let Some(session) = wanted_by {
        let text = outcome.ok().and_then(|stored| stored.dyn_into::<JsString>().ok());
        // What is no JSON is no record either, and the machine says so.
        let found = text.map(|text| JsJson(sys::parse_json(&text).unwrap_or(JsValue::NULL)));
        driver.input(Input::Recalled { session, found });
    } else {
        driver.storage.pending.set(driver.storage.pending.get() - 1);
        driver.look_for_idle();
    }
}
