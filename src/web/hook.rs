//! The callback into the driver, created once. Each promise gets it with its report bound as arguments, instead of a
//! closure.

use super::driver::Driver;
use super::{auth, calls, fetch, handlers, sys};
use crate::core::SessionRef;
use std::rc::Weak;
use wasm_bindgen::prelude::*;

/// The host's reports to the driver, each with a number and a value.
#[derive(Clone, Copy)]
pub(super) enum Report {
    /// The signal of a call was aborted (host.js uses this number).
    Aborted,
    /// The pending promise of an exchange was fulfilled.
    Progress,
    /// It was rejected.
    Lost,
    /// A handler answered a request.
    Answered,
    /// A handler failed.
    Refused,
    /// An auth provider returned a token.
    Token,
    /// An auth provider failed.
    NoToken,
    /// The promise returned by a callback of the user was rejected.
    Rejected,
}

/// The function that receives all reports of one driver.
#[derive(Clone)]
pub(super) struct Hook(sys::Function);

impl Hook {
    /// The closure is owned by the garbage collector, not by the driver: a promise may settle after its driver is gone,
    /// and then calls a function without effect.
    pub(super) fn new(driver: &Weak<Driver>) -> Self {
        let driver = driver.clone();
        let closure: Closure<dyn Fn(u32, f64, JsValue)> = Closure::new(move |report, number: f64, value| {
            let Some(driver) = driver.upgrade() else { return };
            // The module's own counter: integral, positive and far below 2⁵³.
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

    /// A function that makes this report about `number`.
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
