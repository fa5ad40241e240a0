//! Both ends of aborting: the signals that callers give us, and the controllers that we give to `fetch`.

use super::hook::Hook;
use super::js::{Aborter, Signal};
use super::words::ABORT;
use crate::core::table::{Set, Table};
use js_sys::Map;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// The signals of running calls, each with one listener however many calls share it: Node warns of the eleventh.
#[derive(Default)]
pub(super) struct Signals {
    /// The number of each signal.
    numbers: Map,
    shared: RefCell<Table<u64, Shared>>,
}

struct Shared {
    signal: Signal,
    listener: JsValue,
    calls: Set<u64>,
}

/// The signal of one call.
pub(super) struct Listening {
    signal: Signal,
    number: u64,
}

impl Listening {
    pub(super) fn signal(&self) -> JsValue {
        (*self.signal).clone()
    }

    /// Why the signal was aborted, if it was.
    pub(super) fn reason(&self) -> Option<JsValue> {
        reason(&self.signal)
    }
}

impl Signals {
    /// Enters a call. `hook` reports by the number of the signal, which is that of its first call.
    pub(super) fn enter(&self, signal: Signal, call: u64, hook: &Hook) -> Listening {
        let known = self.numbers.get(&signal).as_f64();
        // Counted up by the module, so it is whole, positive and far below 2⁵³.
        let number = known.map_or(call, |number| number as u64);
        let mut shared = self.shared.borrow_mut();
        if known.is_none() {
            let listener = hook.of(number);
            // A signal that refuses listeners never aborts anything.
            let _ = ABORT.with(|kind| signal.listen(kind, &listener));
            self.numbers.set(&signal, &JsValue::from_f64(number as f64));
            shared.insert(number, Shared { signal: signal.clone(), listener, calls: Set::default() });
        }
        if let Some(shared) = shared.get_mut(number) {
            shared.calls.insert(call);
        }
        Listening { signal, number }
    }

    /// The call is over.
    pub(super) fn leave(&self, listening: &Listening, call: u64) {
        let number = listening.number;
        let mut all = self.shared.borrow_mut();
        let Some(shared) = all.get_mut(number) else { return };
        shared.calls.remove(call);
        if shared.calls.is_empty() {
            let _ = ABORT.with(|kind| shared.signal.unlisten(kind, &shared.listener));
            self.numbers.delete(&shared.signal);
            all.remove(number);
        }
    }

    /// The calls of a signal that was aborted, the oldest first.
    pub(super) fn take_calls(&self, number: u64) -> Vec<u64> {
        self.shared.borrow_mut().get_mut(number).map(|shared| shared.calls.take_all()).unwrap_or_default()
    }
}

/// Why a signal was aborted, if it was.
pub(super) fn reason(signal: &Signal) -> Option<JsValue> {
    let aborted = signal.aborted().is_ok_and(|aborted| aborted.is_truthy());
    aborted.then(|| signal.reason().unwrap_or(JsValue::UNDEFINED))
}

/// Controllers that were not aborted, for further use. Making one takes Node 20 longer than everything else about a
/// call that has nothing to do with its body.
#[derive(Default)]
pub(super) struct Pool(RefCell<Vec<Rc<Controller>>>);

/// A controller and its signal.
pub(super) struct Controller {
    aborter: Aborter,
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
        let aborter = Aborter::new()?;
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
