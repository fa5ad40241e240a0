//! The owner's storage: never trusted to be there, to be quick, or to hold what was put into it.

use super::driver::Driver;
use super::failure;
use super::hook::Hook;
use super::js;
use super::json::JsJson;
use crate::core::kit::text::concat;
use crate::core::{Input, Json, Level, SessionRef};
use std::cell::Cell;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// The storage of one driver.
pub(super) struct Storage {
    place: Option<JsValue>,
    /// What is being stored or removed.
    pending: Cell<usize>,
    on_found: Hook,
    on_unfound: Hook,
    on_kept: Hook,
    on_unkept: Hook,
}

impl Storage {
    pub(super) fn new(driver: &Weak<Driver>, place: Option<JsValue>) -> Self {
        Self {
            place,
            pending: Cell::new(0),
            on_found: Hook::new(driver, |driver, session, value| found(driver, session, &value)),
            on_unfound: Hook::new(driver, unfound),
            on_kept: Hook::new(driver, |driver, _, _| driver.storage.kept(driver)),
            on_unkept: Hook::new(driver, unkept),
        }
    }

    /// Whether nothing is being stored or removed.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.get() == 0
    }

    /// Looks what is stored.
    pub(super) fn recall(&self, driver: &Rc<Driver>, session: SessionRef, name: &str) {
        let (done, failed) = (self.on_found.of(session.0), self.on_unfound.of(session.0));
        if let Err(thrown) = self.call("get", name, None, &done, &failed) {
            unfound(driver, session.0, thrown);
        }
    }

    /// Stores something, or removes it.
    pub(super) fn keep(&self, driver: &Rc<Driver>, name: &str, value: Option<JsJson>) {
        self.pending.set(self.pending.get() + 1);
        let (done, failed) = (self.on_kept.of(0), self.on_unkept.of(0));
        let started = match value {
            Some(value) => self.call("set", name, Some(value.to_text()), &done, &failed),
            None => self.call("delete", name, None, &done, &failed),
        };
        if let Err(thrown) = started {
            unkept(driver, 0, thrown);
        }
    }

    fn call(
        &self,
        method: &str,
        name: &str,
        value: Option<String>,
        done: &JsValue,
        failed: &JsValue,
    ) -> Result<(), JsValue> {
        let Some(place) = &self.place else { return Ok(()) };
        js::store(place, method, name, value, done, failed)
    }

    fn kept(&self, driver: &Rc<Driver>) {
        self.pending.set(self.pending.get() - 1);
        driver.look_for_idle();
    }
}

fn found(driver: &Rc<Driver>, session: u64, value: &JsValue) {
    // What is no JSON is no record either, and the machine says so.
    let text = value.as_string();
    let found = text.map(|text| JsJson(js::parse_json_str(&text).unwrap_or(JsValue::NULL)));
    driver.input(Input::Recalled { session: SessionRef(session), found });
}

fn unfound(driver: &Rc<Driver>, session: u64, thrown: JsValue) {
    warn(driver, &thrown);
    driver.input(Input::Recalled { session: SessionRef(session), found: None });
}

fn unkept(driver: &Rc<Driver>, _: u64, thrown: JsValue) {
    warn(driver, &thrown);
    driver.storage.kept(driver);
}

fn warn(driver: &Driver, thrown: &JsValue) {
    driver.log.line(Level::Warn, &concat(&["[MCP] The storage failed: ", &failure::words(thrown)]));
}
