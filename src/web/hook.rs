//! The callback into the driver, made once: a waiting promise gets it with what it reports bound to it, not a closure of its own.

use super::driver::Driver;
use super::{auth, calls, fetch, handlers, sys};
use crate::core::SessionRef;
use std::rc::Weak;
use wasm_bindgen::prelude::*;

/// What the host reports to the driver, each with a number and a value.
#[derive(Clone, Copy)]
pub(super) enum Report {
    /// The signal of a call was aborted (host.js knows the number of this one).
    Aborted,
    /// What an exchange waits for is there.
    Progress,
    /// It will not come.
    Lost,
    /// A handler of the user answered a request.
    Answered,
    /// It refused to.
    Refused,
    /// An auth provider has a token.
    Token,
    /// It has none.
    NoToken,
    /// A callback of the user rejected the promise that it had returned.
    Rejected,
}

/// The function that takes all reports of one driver.
#[derive(Clone)]
pub(super) struct Hook(sys::Function);

impl Hook {
    /// The engine's garbage collector owns the closure, not the driver: a promise may still settle after its driver is
    /// gone, and then has to find a function that does nothing.
    pub(super) fn new(driver: &Weak<Driver>) -> Self {
        let driver = driver.clone();
        let closure: Closure<dyn Fn(u32, f64, JsValue)> = Closure::new(move |report, number: f64, value| {
            let Some(driver) = driver.upgrade() else { return };
            // Counted up from 0 by the module, so it is whole, positive and far below 2⁵³.
            let number = number as u64;
            match report {
                ABORTED => calls::aborted(&driver, number, &value),
                PROGRESS => fetch::progress(&driver, number, value),
                LOST => fetch::lost(&driver, number, &value),
                ANSWERED => handlers::answer(&driver, number, handlers::checked(value)),
                REFUSED => handlers::answer(&driver, number, Err(handlers::rpc_error(&value))),
                TOKEN => auth::answered(&driver, number, value.as_string()),
                NO_TOKEN => auth::failed(&driver, SessionRef(number), Some(value)),
                _ => driver.threw(number, &value),
            }
        });
        Self(closure.into_js_value().unchecked_into())
    }

    /// The function itself.
    pub(super) fn function(&self) -> &JsValue {
        &self.0
    }

    /// The function that makes this report about `number`.
    pub(super) fn of(&self, report: Report, number: u64) -> JsValue {
        self.0.bind(&JsValue::UNDEFINED, report as u32, number as f64)
    }
}

const ABORTED: u32 = Report::Aborted as u32;
const PROGRESS: u32 = Report::Progress as u32;
const LOST: u32 = Report::Lost as u32;
const ANSWERED: u32 = Report::Answered as u32;
const REFUSED: u32 = Report::Refused as u32;
const TOKEN: u32 = Report::Token as u32;
const NO_TOKEN: u32 = Report::NoToken as u32;
