//! The driver: passes inputs to the machine and performs its outputs.

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
use super::options::{self, Host};
use super::storage::Storage;
use super::sys::{self, Deferred};
use super::timers::Timer;
use crate::core::config::{Config, Problem};
use crate::core::kit::queue::Queue;
use crate::core::kit::text::concat;
use crate::core::{ClientIdentity, Input, Instant, Level, Manager, Output, SessionInfo, SessionRef};
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// One manager and its I/O.
pub(super) struct Driver {
    machine: RefCell<Manager<JsJson>>,
    inbox: RefCell<Queue<Input<JsJson>>>,
    /// An input is being handled further up the stack. Other inputs are queued.
    draining: Cell<bool>,
    /// When the last input was handled, and the next deadline.
    now: Cell<Instant>,
    deadline: Cell<Option<Instant>>,
    /// The number of JS objects that refer to this driver.
    handles: Cell<usize>,
    closed: Cell<bool>,
    /// Keeps the driver alive for its running calls after all JS objects are freed.
    keep: RefCell<Option<Rc<Driver>>>,
    waiting_for_idle: RefCell<Vec<Deferred>>,
    /// Callback failures logged so far.
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

/// Limit of logged callback failures.
const MAX_REPORTS: u32 = 100;

impl Driver {
    /// A driver for a parsed configuration, whose warnings it logs.
    pub(super) fn new(
        (mut config, warnings): (Config, Vec<Problem>),
        client: ClientIdentity<JsJson>,
        host: Host,
    ) -> Rc<Self> {
        config.connections = options::connections();
        let (max_message_bytes, max_error_bytes) = (config.limits.max_message_bytes, config.limits.max_error_bytes);
        let machine = Manager::new(config, client, sys::seed()).without_events();
        let driver = Rc::new_cyclic(|driver: &Weak<Self>| {
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
                log: Log::new(host.log),
                network: Network::new(hook, host.fetch, max_message_bytes, max_error_bytes),
                storage: Storage::new(host.storage),
            }
        });
        for warning in warnings {
            driver.log.line(Level::Warn, &concat(&["[MCP] ", &warning.line()]));
        }
        driver
    }

    /// Handles an input at once, or after the current one if called from within a user's callback.
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

    /// Whether the owner closed the machine.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Reads the machine's state; `None` while the machine reads a param through a getter of the user.
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

    /// Checks for idleness after the end of something unknown to the machine.
    pub(super) fn look_for_idle(self: &Rc<Self>) {
        if !self.draining.get() {
            self.settle_down();
        }
    }

    /// The owner closed the machine: stops the timer and token requests.
    pub(super) fn closing(&self) {
        self.closed.set(true);
        self.auth.stop();
    }

    /// Handles one input and its outputs. The machine is borrowed for single steps, never during an output.
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
                // Messages on a call's stream belong to the tab of the call.
                if call.is_none() {
                    self.report(PAGE, self.handlers.call_tap(self.info(session), &message.0));
                }
            }
            Output::NeedToken { session, request } => {
                self.auth.ask(self, session, self.info(session), *request);
            }
            Output::CancelToken { session } => self.auth.cancel(session),
            Output::Restore { session, name } => self.storage.read(self, session, &name),
            Output::Persist { name, value } => self.storage.write(self, &name, value),
            Output::Turns { origin, counts } => {
                self.report(PAGE, self.handlers.report_turns(&origin, counts));
            }
            Output::Event(event) => self.events.dispatch(&event),
            Output::Log(level, line) => self.log.line(level, &line),
            Output::Wait(_) => {}
        }
    }

    /// Logs that a callback of the user threw. A returned promise is observed, because an unhandled rejection ends a
    /// Node process.
    pub(super) fn report(&self, callback: u64, outcome: Result<JsValue, JsValue>) {
        match outcome {
            Ok(result) if !result.is_undefined() => {
                let _ = sys::follow(&result, &JsValue::UNDEFINED, &self.hook.of(Report::Rejected, callback));
            }
            Ok(_) => {}
            Err(thrown) => self.threw(callback, &thrown),
        }
    }

    pub(super) fn threw(&self, callback: u64, thrown: &JsValue) {
        // A server can cause any number of progress and other notifications.
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
        // Its delay has passed, also where a test fakes the timers and not `performance`.
        if let Some(at) = self.timer.disarm() {
            self.clock.reach(at);
        }
        self.wake();
    }

    /// Time has passed, possibly without a timer.
    pub(super) fn wake(self: &Rc<Self>) {
        self.clock.catch_up();
        self.input(Input::Wake);
    }

    /// All inputs are handled: sets the timer and resolves `idle()`.
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
            // Requests in flight keep the process alive by themselves.
            self.timer.hold(busy && self.network.is_idle());
        }
        let idle = || self.storage.is_idle() && self.look(Manager::is_idle) == Some(true);
        if !self.waiting_for_idle.borrow().is_empty() && idle() {
            for resolve in self.waiting_for_idle.take() {
                let _ = resolve.settle(&JsValue::UNDEFINED, &JsValue::UNDEFINED);
            }
        }
        if self.handles.get() == 0 && !self.draining.get() {
            self.on_last_handle_freed(busy);
        }
    }

    /// No JS object refers to the driver. Running calls are still answered; then the driver is dropped.
    fn on_last_handle_freed(self: &Rc<Self>, busy: bool) {
        if busy {
            *self.keep.borrow_mut() = Some(self.clone());
            return;
        }
        if !self.closed.get() {
            self.closing();
            self.input(Input::Close { call: self.calls.without_caller(), terminate: false });
        }
        // The caller has a reference too, so this is never the last one.
        self.keep.take();
    }
}

/// Names of the user's callbacks in the log.
const CALLBACKS: [&str; 4] = ["onprogress", "the page", "the transport", "a notification handler"];
const ONPROGRESS: u64 = 0;
const PAGE: u64 = 1;
pub(super) const TRANSPORT: u64 = 2;
/// Notification handlers: this number plus that of the session.
pub(super) const HANDLER: u64 = 3;

/// A JS object's counted reference to the driver.
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
        // Inside a user's callback, the draining loop checks this.
        if self.0.handles.get() == 0 && !self.0.draining.get() {
            self.0.settle_down();
        }
    }
}
