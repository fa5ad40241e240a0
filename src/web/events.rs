//! `manager.events`: what the machine reports, as `CustomEvent`s.

use crate::core::Event;
use crate::core::kit::fields::Fields;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::cell::OnceCell;
use wasm_bindgen::JsValue;
use web_sys::{CustomEvent, CustomEventInit, EventTarget};

/// The target, made when it is asked for the first time: before that nobody can listen, and an event costs nothing.
#[derive(Default)]
pub(super) struct Events {
    target: OnceCell<EventTarget>,
}

impl Events {
    /// Whether it was asked for.
    pub(super) fn is_open(&self) -> bool {
        self.target.get().is_some()
    }

    /// The target to listen on.
    ///
    /// # Errors
    /// The host has no `EventTarget`.
    pub(super) fn target(&self) -> Result<EventTarget, JsValue> {
        if let Some(target) = self.target.get() {
            return Ok(target.clone());
        }
        let target = EventTarget::new()?;
        Ok(self.target.get_or_init(|| target).clone())
    }

    /// Tells one event. Listeners that throw are reported by the host, as for any event.
    pub(super) fn tell(&self, event: &Event) {
        let Some(target) = self.target.get() else { return };
        let init = CustomEventInit::new();
        init.set_detail(&to_js(&event.fields()));
        if let Ok(event) = CustomEvent::new_with_event_init_dict(event.kind.as_str(), &init) {
            let _ = target.dispatch_event(&event);
        }
    }
}

/// One of our own small types as a plain JS object; `undefined` for what cannot be one, which none of them is.
pub(super) fn to_js(fields: &Fields<'_>) -> JsValue {
    fields.serialize(&Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED)
}
