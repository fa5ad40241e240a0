//! Redirects within the origin, such as `/mcp` → `/mcp/`, the default of Starlette and FastMCP. Requests carry
//! credentials, so none follows a redirect automatically: the target is checked first, and then used for all users of
//! this manager.

use crate::core::api::{Body, CallId, Error, ExchangeId, Level, Output, SessionRef};
use crate::core::kit::text::{concat, split_once};
use crate::core::machine::Manager;
use crate::core::protocol::endpoint::{self, differs_by_slash, resolve};
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::HeaderList;
use crate::core::protocol::json::Json;
use crate::core::state::call::Call;
use crate::core::state::error_response::{REDIRECTS, is_rpc_error};
use crate::core::state::exchange::ExchangeKind;
use crate::core::state::session::Session;
use std::rc::Rc;

/// Limit of redirects per request. A longer chain or a loop is an error.
const MAX_HOPS: u32 = 2;

impl<J: Json> Manager<J> {
    /// The URL of a session's server: the configured one or its redirect target.
    pub(crate) fn address(&self, record: &Session<J>) -> Rc<str> {
        let learnt = self.addresses.get(&record.server.name).filter(|learnt| **learnt != *record.url);
        learnt.map_or_else(|| Rc::clone(&record.url), |learnt| Rc::from(learnt.as_str()))
    }

    /// Sends a refused request to another URL: after a redirect within the origin, which means that it was not
    /// processed, or after a 404 or 405 at a redirect target. For a caller's request that may be the handler's own
    /// answer, so only the next one uses the configured URL.
    pub(crate) fn goes_elsewhere(&mut self, exchange: ExchangeId, body: &Body<J>) -> bool {
        let Some(sent) = self.exchanges.get(exchange) else { return false };
        let (session, kind, url) = (sent.session, sent.kind, Rc::clone(&sent.url));
        let Some(made) = self.hops(session, kind).map(|hops| *hops) else { return false };
        let is_callers = kind.call().and_then(|call| self.calls.get(call)).is_some_and(|call| !call.is_machines());
        let Some((sent, record)) = self.exchanges.get(exchange).zip(self.store.get(session)) else { return false };
        let Some(head) = sent.head.as_ref().filter(|_| sent.endpoint.is_none()) else { return false };
        // RFC 9110 §15.4: 307 and 308 keep the method. 301 and 302 let a client change it and are meant for pages; they
        // are followed only to the same path with or without the trailing slash, as routers send them. 303 names
        // another resource.
        let target = match (head.status, &head.location) {
            // A request that was just redirected here has tried the configured URL already.
            (404 | 405, _) if made == 0 && url != record.url && !is_rpc_error(body) => {
                if is_callers {
                    self.forget_address(session);
                    return false;
                }
                Some(String::from(&*record.url))
            }
            (301 | 302, None) => None,
            (301 | 302 | 307 | 308, Some(location)) => match resolve(&url, location) {
                Ok(target) if head.status > 302 || differs_by_slash(&url, &target) => Some(target),
                _ => return false,
            },
            _ => return false,
        };
        let moved = self.address(record) != url;
        if made >= MAX_HOPS {
            self.forget_address(session);
            return false;
        }
        self.hops(session, kind).into_iter().for_each(|hops| *hops += 1);
        self.take_exchange(exchange);
        match target {
            Some(target) => self.go_to(session, kind, target),
            // Another request has stored the target meanwhile.
            None if moved => self.send_there(session, kind),
            None => self.learn_address(session, kind),
        }
        true
    }

    /// The redirect counter of a request; `None` for kinds that are never redirected.
    fn hops(&mut self, session: SessionRef, kind: ExchangeKind) -> Option<&mut u32> {
        match kind {
            ExchangeKind::Call(call) => Some(&mut self.calls.get_mut(call)?.hops),
            ExchangeKind::SessionStream => Some(&mut self.handshake_mut(session)?.hops),
            _ => None,
        }
    }

    /// Stores `url` as the server's URL and sends this request there.
    fn go_to(&mut self, session: SessionRef, kind: ExchangeKind, url: String) {
        let Some(record) = self.store.get(session) else { return };
        if *self.address(record) != *url {
            let path = split_once(&url, "?").map_or(&*url, |(path, _)| path);
            let line = concat(&[
                "The server redirects; requests are now sent to ",
                &endpoint::discreet(path, &url),
                " from now on",
            ]);
            // Logged once per server, not again after a 404 caused a second redirect.
            let is_new = *url != *record.url && self.addresses.get(&record.server.name).is_none();
            self.addresses.insert(record.server.name.clone(), url);
            if is_new {
                self.log(session, Level::Warn, &line);
            }
        }
        self.send_there(session, kind);
    }

    /// The next request uses the configured URL.
    pub(crate) fn forget_address(&mut self, session: SessionRef) {
        if let Some(record) = self.store.get(session) {
            self.addresses.insert(record.server.name.clone(), String::from(&*record.url));
        }
    }

    /// Finds the target of a redirect that the host hides (Fetch §2.2.6, "opaque-redirect filtered response"), with a
    /// GET that follows redirects and carries neither credentials nor a session id.
    fn learn_address(&mut self, session: SessionRef, kind: ExchangeKind) {
        let asker = if let ExchangeKind::Call(call) = kind { Some(call) } else { None };
        let exchange = self.open(session, ExchangeKind::Address(asker), "GET", None, HeaderList::new());
        let Some(exchange) = exchange else { return };
        match asker {
            Some(call) => self.is_on_wire(call, exchange),
            None => self.reopening(session, exchange),
        }
    }

    /// The GET got a response, possibly after redirects.
    pub(crate) fn on_address(&mut self, exchange: ExchangeId, asker: Option<CallId>) {
        let Some(asked) = self.take_exchange(exchange) else { return };
        self.out.push_back(Output::Abort { exchange });
        let ended_at = asked.head.and_then(|head| head.location);
        match ended_at.and_then(|url| resolve(&asked.url, &url).ok()).filter(|url| **url != *asked.url) {
            Some(url) => self.go_to(asked.session, asker.map_or(ExchangeKind::SessionStream, ExchangeKind::Call), url),
            None => self.no_address(asked.session, asker),
        }
    }

    /// The GET found no other URL of the same origin.
    pub(crate) fn no_address(&mut self, session: SessionRef, asker: Option<CallId>) {
        let error = Error::new(ErrorCode::HttpError, REDIRECTS).seen("a redirect").status(302);
        match asker {
            Some(call) => self.settle(call, Err(error)),
            None => {
                self.forget_stream(session, None);
                self.handshake_failed(session, error);
            }
        }
    }

    /// Sends a redirected request again. The server did not process it.
    fn send_there(&mut self, session: SessionRef, kind: ExchangeKind) {
        let ExchangeKind::Call(call) = kind else { return self.open_session_stream(session) };
        // The machine's own calls are not queued. A call of the application is, in case its session was lost meanwhile.
        if self.calls.get(call).is_some_and(Call::is_machines) {
            self.transmit(call);
        } else {
            self.requeue(call);
        }
    }
}
