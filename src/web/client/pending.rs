//! Pending calls as futures.

use super::events::{self, Events, Unread};
use crate::core::kit::table::Table;
use crate::core::{CallId, Error, Event, Input, Output, SessionRef};
use crate::web::driver::Driver;
use crate::web::json::JsJson;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

/// The calls and listeners of the clients of one driver.
#[derive(Default)]
pub(crate) struct Futures {
    calls: RefCell<Table<u64, Stage>>,
    listeners: RefCell<Vec<Weak<RefCell<Unread>>>>,
}

/// The outcome of a call.
pub(super) enum Settled {
    /// Of `connect`.
    Session(SessionRef),
    /// Of a request; without a result for all else.
    Result(Option<JsJson>),
}

type Outcome = Result<Settled, Error<JsJson>>;

enum Stage {
    Waiting(Option<Waker>),
    Settled(Outcome),
}

impl Futures {
    /// Emits events, and takes the outcomes of Rust futures; returns all other outputs.
    pub(crate) fn take(&self, output: Output<JsJson>) -> Option<Output<JsJson>> {
        match output {
            Output::Connected { call, session } if self.knows(call) => self.settle(call, Ok(Settled::Session(session))),
            Output::Settle { call, outcome } if self.knows(call) => self.settle(call, outcome.map(Settled::Result)),
            output => {
                if let Output::Event(event) = &output {
                    self.emit(event);
                }
                return Some(output);
            }
        }
        None
    }

    /// Whether no call is pending.
    pub(crate) fn is_idle(&self) -> bool {
        self.calls.borrow().iter().all(|(_, stage)| matches!(stage, Stage::Settled(_)))
    }

    /// Whether there was no listener yet.
    pub(super) fn is_silent(&self) -> bool {
        self.listeners.borrow().is_empty()
    }

    /// A new listener.
    pub(super) fn listen(&self) -> Events {
        let unread = Rc::default();
        let mut listeners = self.listeners.borrow_mut();
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(Rc::downgrade(&unread));
        Events(unread)
    }

    /// Ends the streams of events.
    pub(super) fn close(&self) {
        for unread in self.listening() {
            events::end(&unread);
        }
    }

    fn listening(&self) -> Vec<Rc<RefCell<Unread>>> {
        self.listeners.borrow().iter().filter_map(Weak::upgrade).collect()
    }

    fn emit(&self, event: &Event) {
        for unread in self.listening() {
            events::push(&unread, event.clone());
        }
    }

    fn knows(&self, call: CallId) -> bool {
        self.calls.borrow().contains(call.0)
    }

    /// The waker is called without a borrow: an executor may poll at once.
    fn settle(&self, call: CallId, outcome: Outcome) {
        let before = self.calls.borrow_mut().remove(call.0);
        self.calls.borrow_mut().insert(call.0, Stage::Settled(outcome));
        if let Some(Stage::Waiting(Some(waker))) = before {
            waker.wake();
        }
    }
}

impl Drop for Futures {
    fn drop(&mut self) {
        self.close();
    }
}

/// A call until it is settled. Dropped earlier, it is cancelled.
pub(super) struct Pending {
    driver: Rc<Driver>,
    call: CallId,
}

impl Pending {
    /// Starts a call.
    pub(super) fn start(driver: &Rc<Driver>, input: impl FnOnce(CallId) -> Input<JsJson>) -> Self {
        let call = driver.calls.without_caller();
        driver.futures.calls.borrow_mut().insert(call.0, Stage::Waiting(None));
        driver.input(input(call));
        Self { driver: driver.clone(), call }
    }
}

impl Future for Pending {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let mut calls = self.driver.futures.calls.borrow_mut();
        match calls.remove(self.call.0) {
            Some(Stage::Settled(outcome)) => Poll::Ready(outcome),
            _ => {
                calls.insert(self.call.0, Stage::Waiting(Some(context.waker().clone())));
                Poll::Pending
            }
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let stage = self.driver.futures.calls.borrow_mut().remove(self.call.0);
        if let Some(Stage::Waiting(_)) = stage {
            self.driver.input(Input::Cancel { call: self.call, reason: None });
        }
    }
}
