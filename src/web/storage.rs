//! The owner's storage, which may be missing, slow, or return other data than was written.

use super::driver::Driver;
use super::failure;
use super::json::JsJson;
use super::{sys, task};
use crate::core::kit::text::concat;
use crate::core::{Input, Level, SessionRef};
use js_sys::{JsString, Promise};
use std::cell::Cell;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The storage of one driver.
pub(super) struct Storage {
    place: Option<JsValue>,
    /// The number of pending writes and removals.
    pending: Cell<usize>,
}

impl Storage {
    pub(super) fn new(place: Option<JsValue>) -> Self {
        Self { place, pending: Cell::new(0) }
    }

    /// Whether no write or removal is pending.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.get() == 0
    }

    /// Reads a record.
    pub(super) fn read(&self, driver: &Rc<Driver>, session: SessionRef, name: &str) {
        self.perform(driver, "get", name, &JsValue::UNDEFINED, Some(session));
    }

    /// Writes or removes a record.
    pub(super) fn write(&self, driver: &Rc<Driver>, name: &str, value: Option<JsJson>) {
        let method = if value.is_some() { "set" } else { "delete" };
        let text = value
            .map_or(JsValue::UNDEFINED, |value| sys::write_json(&value.0).ok().flatten().unwrap_or_default().into());
        self.perform(driver, method, name, &text, None);
    }

    fn perform(&self, driver: &Rc<Driver>, method: &str, name: &str, value: &JsValue, wanted_by: Option<SessionRef>) {
        let Some(place) = &self.place else { return };
        if wanted_by.is_none() {
            self.pending.set(self.pending.get() + 1);
        }
        let promise = sys::store(place, method, name, value);
        task::spawn(Box::pin(settled(Rc::downgrade(driver), promise, wanted_by)));
    }
}

/// Awaits the storage and reports a record that was read to the machine.
async fn settled(driver: Weak<Driver>, promise: Promise, wanted_by: Option<SessionRef>) {
    let outcome = JsFuture::from(promise).await;
    let Some(driver) = driver.upgrade() else { return };
    if let Err(thrown) = &outcome {
        driver.log.line(Level::Warn, &concat(&["[MCP] The storage failed: ", &failure::words(thrown)]));
    }
    if let Some(session) = wanted_by {
        let text = outcome.ok().and_then(|stored| stored.dyn_into::<JsString>().ok());
        // Text that is not JSON becomes `null`, which the machine rejects as damaged.
        let found = text.map(|text| JsJson(sys::parse_json(&text).unwrap_or(JsValue::NULL)));
        driver.input(Input::Restored { session, found });
    } else {
        driver.storage.pending.set(driver.storage.pending.get() - 1);
        driver.look_for_idle();
    }
}
