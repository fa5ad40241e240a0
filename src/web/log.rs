//! The log: the user's function, or the console. The texts are where things happen (`machine`), as are those of the eight
//! public lines.

use super::sys;
use crate::core::Level;
use js_sys::Function;
use wasm_bindgen::JsValue;

/// The destination of log lines.
pub(super) struct Log {
    /// The user's function; `undefined` for the console.
    sink: JsValue,
}

impl Log {
    pub(super) fn new(sink: Option<Function>) -> Self {
        Self { sink: sink.map_or(JsValue::UNDEFINED, Into::into) }
    }

    /// Prints one line. The machine leaves out debug lines that are not wanted.
    pub(super) fn line(&self, level: Level, line: &str) {
        sys::log(&self.sink, level.as_str(), line);
    }
}
