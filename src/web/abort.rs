//! Both ends of aborting: the signals that callers give us, and the controllers that we give to `fetch`.

use super::sys::{AbortController, AbortSignal};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Why a signal was aborted, if it was.
pub(super) fn reason(signal: &AbortSignal) -> Option<JsValue> {
    let aborted = signal.aborted().is_ok_and(|aborted| aborted.is_truthy());
    aborted.then(|| signal.reason().unwrap_or(JsValue::UNDEFINED))
}

/// Controllers that were not aborted, for further use. Making one takes Node 20 longer than everything else about a
/// call that has nothing to do with its body.
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
    /// The host cannot make one.
    pub(super) fn take(&self) -> Result<Rc<Controller>, JsValue> {
        if let Some(spare) = self.0.borrow_mut().pop() {
            return Ok(spare);
        }
        let aborter = AbortController::new()?;
        Ok(Rc::new(Controller { signal: aborter.signal()?, aborter, uses: Cell::new(0) }))
    }

    /// Takes back a controller whose request is over: aborting it later would not touch that any more.
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
        // workerd refuses it to another request than the one that made the controller, and ends that one's by itself.
        let _ = self.aborter.abort();
    }
}

/// What is done with a signal may leave a listener on it until the next collection of garbage. Node warns of the 11th.
const MAX_USES: u8 = 8;

/// As many requests go on at once before some get a new controller.
const MAX_SPARE: usize = 16;
