//! The driver: hands every input to the machine, and does what the machine asks for.

use super::auth::Auth;
use super::calls::Calls;
#[cfg(feature = "client")]
use super::client::Futures;
use super::clock::Clock;
use super::events::Events;
use super::failure;
use super::fetch::Network;
use super::handlers::Handlers;
use super::hook::{Hook, Report};
use super::json::JsJson;
use super::log::Log;
use super::options::Host;
use super::storage::Storage;
use super::sys::{self, Deferred};
use super::timers::Timer;
use crate::core::Instant;
use crate::core::Manager;
use crate::core::SessionInfo;
use crate::core::config::Limits;
use crate::core::kit::queue::Queue;
use crate::core::kit::text::concat;
use crate::core::{Input, Level, Output, SessionRef};
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// One manager and everything that it drives.
pub(super) struct Driver {
    machine: RefCell<Manager<JsJson>>,
    inbox: RefCell<Queue<Input<JsJson>>>,
    /// An input is being handled further up the stack: the next one waits in the inbox.
    draining: Cell<bool>,
    /// When the last input was handled, and until when the machine waits since.
    now: Cell<Instant>,
    deadline: Cell<Option<Instant>>,
    /// JS objects that refer to this driver.
    handles: Cell<usize>,
    closed: Cell<bool>,
    /// Keeps the driver alive for its running calls when all JS objects are freed.
    keep: RefCell<Option<Rc<Driver>>>,
    waiting_for_idle: RefCell<Vec<Deferred>>,
    /// Failures of callbacks that were reported.
    reports: Cell<u32>,
    clock: Clock,
    timer: Timer,
    hook: Hook,
    pub(super) auth: Auth,
    pub(super) calls: Calls,
    pub(super) events: Events,
    #[cfg(feature = "client")]
    pub(super) futures: Futures,
    pub(super) handlers: Handlers,
    pub(super) log: Log,
    pub(super) network: Network,
    pub(super) storage: Storage,
}

/// As many failures of callbacks are logged.
const MAX_REPORTS: u32 = 100;

impl Driver {
    pub(super) fn new(machine: Manager<JsJson>, limits: &Limits, debug: bool, host: Host) -> Rc<Self> {
        Rc::new_cyclic(|driver: &Weak<Self>| {
            let hook = Hook::new(driver);
            Self {
                machine: RefCell::new(machine),
                inbox: RefCell::default(),
                draining: Cell::new(false),
                now: Cell::default(),
                deadline: Cell::new(None),
                handles: Cell::new(0),
                closed: Cell::new(false),
                keep: RefCell::new(None),
                waiting_for_idle: RefCell::default(),
                reports: Cell::new(0),
                clock: Clock::new(),
                timer: Timer::default(),
                hook: hook.clone(),
                auth: Auth::new(hook.clone()),
                calls: Calls::new(hook.clone()),
                events: Events::default(),
                #[cfg(feature = "client")]
                futures: Futures::default(),
                handlers: Handlers::new(hook.clone()),
                log: Log::new(host.log, debug),
                network: Network::new(hook, host.fetch, limits.max_message_bytes, limits.max_error_bytes),
                storage: Storage::new(host.storage),
            }
        })
    }

    /// Something happened. Handled at once, or, when that is told from within a callback of the user, right after
    /// what is being handled.
    pub(super) fn input(self: &Rc<Self>, input: Input<JsJson>) {
        if self.draining.replace(true) {
            return self.inbox.borrow_mut().push_back(input);
        }
        let mut next = Some(input);
        while let Some(input) = next {
            self.handle(input);
            next = self.inbox.borrow_mut().pop_front();
        }
        self.draining.set(false);
        self.settle_down();
    }

    /// When the last input was handled.
    pub(super) fn now(&self) -> Instant {
        self.now.get()
    }

    /// Whether the machine was closed by its owner.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Looks at the machine; `None` while a param's own getter runs because the machine reads it.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Manager<JsJson>) -> T) -> Option<T> {
        self.machine.try_borrow().ok().map(|machine| look(&machine))
    }

    pub(super) fn info(&self, session: SessionRef) -> Option<SessionInfo> {
        self.look(|machine| machine.session(session)).flatten()
    }

    /// Calls `resolve` when nothing is in flight.
    pub(super) fn when_idle(self: &Rc<Self>, resolve: Deferred) {
        self.waiting_for_idle.borrow_mut().push(resolve);
        self.look_for_idle();
    }

    /// Something has ended that the machine does not hear of.
    pub(super) fn look_for_idle(self: &Rc<Self>) {
        if !self.draining.get() {
            self.settle_down();
        }
    }

    /// The owner closed the machine: nothing is timed or asked for any more.
    pub(super) fn closing(&self) {
        self.closed.set(true);
        self.auth.stop();
    }

    /// Handles one input, and does what follows from it. The machine is borrowed for one step at a time, and never while
    /// something is done.
    fn handle(self: &Rc<Self>, input: Input<JsJson>) {
        let now = self.clock.now();
        self.now.set(now);
        self.machine.borrow_mut().handle(now, input);
        loop {
            let output = self.machine.borrow_mut().poll();
            match output {
                Output::Wait(deadline) => return self.deadline.set(deadline),
                output => self.act(output),
            }
        }
    }

    fn act(self: &Rc<Self>, output: Output<JsJson>) {
        #[cfg(feature = "client")]
        let Some(output) = self.futures.take(output) else { return };
        match output {
            Output::Send { exchange, request } => self.network.send(self, exchange, &request),
            Output::Abort { exchange } => self.network.abort(exchange),
            Output::Pause { exchange } => self.network.pause(exchange),
            Output::Resume { exchange } => self.network.resume(exchange),
            #[cfg(not(feature = "classes"))]
            Output::Connected { .. } => {}
            #[cfg(feature = "classes")]
            Output::Connected { call, session } => self.calls.connected(self, call, session),
            Output::Settle { call, outcome } => self.calls.settle(call, outcome),
            Output::Progress { call, progress } => self.report(ONPROGRESS, self.calls.progress(call, &progress.0)),
            Output::ServerRequest { ticket, session, call, method, message } => {
                let during = call.and_then(|call| self.calls.name(call));
                self.handlers.request(self, ticket, session, &method, &message.0, during);
            }
            Output::CancelServerRequest { ticket } => self.handlers.cancel(ticket),
            Output::Notification { session, call, method, message } => {
                let during = call.and_then(|call| self.calls.name(call));
                self.handlers.notify(self, session, &method, &message.0, during);
                // What comes with a call is for who made the call.
                if call.is_none() {
                    self.report(PAGE, self.handlers.tell_tap(self.info(session), &message.0));
                }
            }
            Output::NeedToken { session, challenge } => {
                self.auth.ask(self, session, self.info(session), challenge.as_deref());
            }
            Output::GiveUpToken { session } => self.auth.give_up(session),
            Output::Recall { session, name } => self.storage.recall(self, session, &name),
            Output::Keep { name, value } => self.storage.keep(self, &name, value),
            Output::Turns { origin, counts } => {
                self.report(PAGE, self.handlers.tell_turns(&origin, counts));
            }
            Output::Event(event) => self.events.tell(&event),
            Output::Log(level, line) => self.log.line(level, &line),
            Output::Wait(_) => {}
        }
    }

    /// Logs that a callback of the user threw, or will: a promise that it returned is watched, for a rejection that nothing
    /// handles ends a Node process.
    pub(super) fn report(&self, callback: u64, outcome: Result<JsValue, JsValue>) {
        match outcome {
            Ok(result) if result.is_object() => {
                let _ = sys::follow(&result, &JsValue::UNDEFINED, &self.hook.of(Report::Rejected, callback));
            }
            Ok(_) => {}
            Err(thrown) => self.threw(callback, &thrown),
        }
    }

    pub(super) fn threw(&self, callback: u64, thrown: &JsValue) {
        // Progress and notifications may come a million times.
        let session = callback.checked_sub(HANDLER).map(SessionRef);
        if session.is_some_and(|session| !self.handlers.blame(session)) {
            return;
        }
        if self.reports.replace(self.reports.get().saturating_add(1)) >= MAX_REPORTS {
            return;
        }
        let what = CALLBACKS.get(callback.min(HANDLER) as usize).copied().unwrap_or_default();
        self.log.line(Level::Error, &concat(&["[MCP] ", what, " threw: ", &failure::words(thrown)]));
    }

    fn tick(self: &Rc<Self>) {
        self.timer.disarm();
        self.wake();
    }

    /// Time has passed, perhaps more than the timer knows of.
    pub(super) fn wake(self: &Rc<Self>) {
        self.clock.catch_up();
        self.input(Input::Wake);
    }

    /// Everything is handled for now: sets the timer, and tells those who wait for that.
    fn settle_down(self: &Rc<Self>) {
        let busy = !self.calls.is_empty();
        #[cfg(feature = "client")]
        let busy = busy || !self.futures.is_idle();
        if self.closed.get() && !busy {
            self.timer.disarm();
            self.timer.hold(false);
        } else {
            let driver = Rc::downgrade(self);
            self.timer.arm(self.now.get(), self.deadline.get(), move || {
                if let Some(driver) = driver.upgrade() {
                    driver.tick();
                }
            });
            // What is on the wire keeps the process alive by itself.
            self.timer.hold(busy && self.network.is_idle());
        }
        let idle = || self.storage.is_idle() && self.look(Manager::is_idle) == Some(true);
        if !self.waiting_for_idle.borrow().is_empty() && idle() {
            for resolve in self.waiting_for_idle.take() {
                let _ = resolve.settle(&JsValue::UNDEFINED, &JsValue::UNDEFINED);
            }
        }
        if self.handles.get() == 0 && !self.draining.get() {
            self.orphaned(busy);
        }
    }

    /// No JS object refers to the driver. Running calls are still answered; then everything ends.
    fn orphaned(self: &Rc<Self>, busy: bool) {
        if busy {
            *self.keep.borrow_mut() = Some(self.clone());
            return;
        }
        if !self.closed.get() {
            self.closing();
            self.input(Input::Close { call: self.calls.nobody(), terminate: false });
        }
        // The caller has a reference of its own, so this is never the last one.
        self.keep.take();
    }
}

/// What the log calls the callbacks of the user.
const CALLBACKS: [&str; 4] = ["onprogress", "the page", "the transport", "a notification handler"];
const ONPROGRESS: u64 = 0;
const PAGE: u64 = 1;
pub(super) const TRANSPORT: u64 = 2;
/// The last one, and all numbers above it: the handlers of the session whose number is added to it.
pub(super) const HANDLER: u64 = 3;

/// What a JS object holds: the driver, counted.
pub(super) struct Handle(Rc<Driver>);

impl Handle {
    pub(super) fn new(driver: &Rc<Driver>) -> Self {
        driver.handles.set(driver.handles.get() + 1);
        driver.keep.take();
        Self(driver.clone())
    }
}

impl Deref for Handle {
    type Target = Rc<Driver>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.handles.set(self.0.handles.get() - 1);
        // When this happens in a callback of the user, whoever drains looks after it.
        if self.0.handles.get() == 0 && !self.0.draining.get() {
            self.0.settle_down();
        }
    }
}
