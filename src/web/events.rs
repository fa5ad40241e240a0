//! `manager.events`: the machine's events as `CustomEvent`s.

use super::sys;
use crate::core::Event;
use crate::core::kit::fields::Fields;
use js_sys::Object;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::cell::OnceCell;
use wasm_bindgen::JsValue;
use web_sys::{CustomEvent, CustomEventInit, EventTarget};

/// The target, created on first access. Before that events have no listener and cost nothing.
#[derive(Default)]
pub(super) struct Events {
    target: OnceCell<EventTarget>,
}

impl Events {
    /// Whether the target was created.
    pub(super) fn is_open(&self) -> bool {
        self.target.get().is_some()
    }

    /// The event target.
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

    /// Dispatches one event. The host reports listeners that throw.
    pub(super) fn dispatch(&self, event: &Event) {
        let Some(target) = self.target.get() else { return };
        let init = CustomEventInit::new();
        init.set_detail(&to_js(&event.fields()));
        if let Ok(event) = CustomEvent::new_with_event_init_dict(event.kind.as_str(), &init) {
            let _ = target.dispatch_event(&event);
        }
    }
}

/// Converts one of our own small types to a plain JS object. serde-wasm-bindgen decides for each map whether it becomes an
/// object or a `Map`, and has the code for both, so it converts the values alone.
pub(super) fn to_js(fields: &Fields<'_>) -> JsValue {
    let object = JsValue::from(Object::new());
    for (name, value) in fields.iter() {
        sys::put(&object, name, &value.serialize(&Serializer::new()).unwrap_or_default());
    }
    object
}
