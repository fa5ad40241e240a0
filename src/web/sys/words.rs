//! Strings that the glue contains as literals. Decoding them from the module's memory costs more than their use.

use js_sys::JsString;
use wasm_bindgen::prelude::*;

/// Declares the literals, and a lookup by text for names chosen at run time.
///
/// A macro because rustfmt drops the values of statics in an `extern` block.
macro_rules! words {
    ($($name:ident = $text:tt)*) => {
        #[wasm_bindgen]
        extern "C" {
            $(#[wasm_bindgen(thread_local_v2, static_string)] pub(crate) static $name: JsString = $text;)*
        }

        /// `text` as a JS string.
        pub(crate) fn word(text: &str) -> JsValue {
            // Compares the length first, and inline: this distinguishes most strings without a call.
            $(if text.len() == $text.len() && text == $text {
                return $name.with(|known| known.into());
            })*
            JsValue::from_str(text)
        }
    };
}

words! {
    APPLICATION_JSON = "application/json"
    ARGUMENTS = "arguments"
    CONTENT_TYPE = "content-type"
    ERROR = "error"
    ID = "id"
    JSONRPC = "jsonrpc"
    MAX_TOTAL_TIMEOUT = "maxTotalTimeout"
    META = "_meta"
    METHOD = "method"
    NAME = "name"
    ONPROGRESS = "onprogress"
    PARAMS = "params"
    POST = "POST"
    PROGRESS_TOKEN = "progressToken"
    REPLAY = "replay"
    RESET_TIMEOUT_ON_PROGRESS = "resetTimeoutOnProgress"
    RESULT = "result"
    SIGNAL = "signal"
    TIMEOUT = "timeout"
    TOOLS_CALL = "tools/call"
    TWO = "2.0"
}
