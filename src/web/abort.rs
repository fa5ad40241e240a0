//! Aborting: the signals of callers, and the `AbortController`s of `fetch` requests.

use super::sys::{AbortController, AbortSignal};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// The reason of an aborted signal.
pub(super) fn reason(signal: &AbortSignal) -> Option<JsValue> {
    let aborted = signal.aborted().is_ok_and(|aborted| aborted.is_truthy());
    aborted.then(|| signal.reason().unwrap_or(JsValue::UNDEFINED))
}

/// Unused controllers for later requests. On Node 20 creating one takes longer than the rest of a call without its
/// body.
#[derive(Default)]
pub(super) struct Pool(RefCell<Vec<Rc<Controller>>>);

/// A controller and its signal.
pub(super) struct Controller {
    aborter: AbortController,
    pub(super) signal: JsValue,
    uses: Cell<u8>,
}

impl Pool {
    /// A controller that is not aborted.
    ///
    /// # Errors
    /// The host cannot create one.
    pub(super) fn take(&self) -> Result<Rc<Controller>, JsValue> {
        if let Some(spare) = self.0.borrow_mut().pop() {
            return Ok(spare);
        }
        let aborter = AbortController::new()?;
        Ok(Rc::new(Controller { signal: aborter.signal()?, aborter, uses: Cell::new(0) }))
    }

    /// Takes back the controller of a finished request. Aborting it later would have no effect on that request.
    pub(super) fn give_back(&self, controller: &Rc<Controller>) {
        let mut spare = self.0.borrow_mut();
        controller.uses.set(controller.uses.get() + 1);
        if controller.uses.get() < MAX_USES && spare.len() < MAX_SPARE {
            spare.push(Rc::clone(controller));
        }
    }
}

impl Controller {
    pub(super) fn abort(&self) {
        // Workerd throws if another request created the controller, and aborts that request by itself.
        let _ = self.aborter.abort();
    }
}

/// Some uses leave a listener on the signal until the next garbage collection. Node warns at the 11th.
const MAX_USES: u8 = 8;

/// Limit of spare controllers.
const MAX_SPARE: usize = 16;
