//! The log: the user's function, or the console.

use super::js;
use crate::core::Level;
use js_sys::Function;
use wasm_bindgen::JsValue;

/// Where lines go.
pub(super) struct Log {
    sink: Option<Function>,
    debug: bool,
}

impl Log {
    pub(super) const fn new(sink: Option<Function>, debug: bool) -> Self {
        Self { sink, debug }
    }

    /// Prints one line. A log that throws is left alone: there is no better place to say so.
    pub(super) fn line(&self, level: Level, line: &str) {
        if level == Level::Debug && !self.debug {
            return;
        }
        let _ = match &self.sink {
            Some(sink) => {
                let told =
                    sink.call2(&JsValue::UNDEFINED, &JsValue::from_str(level.as_str()), &JsValue::from_str(line));
                told.map(|told| js::let_fail(Some(told).filter(JsValue::is_object).ok_or(JsValue::NULL)))
            }
            None => to_console(level, line),
        };
    }
}

fn to_console(level: Level, line: &str) -> Result<(), JsValue> {
    match level {
        Level::Debug => js::console_debug(line),
        Level::Info => js::console_info(line),
        Level::Warn => js::console_warn(line),
        Level::Error => js::console_error(line),
    }
}
