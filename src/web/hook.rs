//! Callbacks into the driver, made once: a waiting promise gets one with its number bound to it, not a closure of its own.

use super::driver::Driver;
use super::sys::Function;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// One thing that the host reports to the driver.
pub(super) struct Hook(Function);

impl Hook {
    /// A hook that hands a number and the reported value to `act`.
    ///
    /// The engine's garbage collector owns the closure, not the driver: a promise may still settle after its driver is
    /// gone, and then has to find a function that does nothing.
    pub(super) fn new(driver: &Weak<Driver>, act: fn(&Rc<Driver>, u64, JsValue)) -> Self {
        let driver = driver.clone();
        let closure: Closure<dyn Fn(f64, JsValue)> = Closure::new(move |number: f64, value: JsValue| {
            if let Some(driver) = driver.upgrade() {
                // Counted up from 0 by the module, so it is whole, positive and far below 2⁵³.
                act(&driver, number as u64, value);
            }
        });
        Self(closure.into_js_value().unchecked_into())
    }

    /// The function that reports a value about any number.
    pub(super) fn function(&self) -> &JsValue {
        &self.0
    }

    /// The function that reports about `number`.
    pub(super) fn of(&self, number: u64) -> JsValue {
        self.0.bind(&JsValue::UNDEFINED, number as f64)
    }
}
