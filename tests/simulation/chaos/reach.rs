//! Spans of time in which a server is out of reach, or gives odd answers. They may overlap.

use super::{Chaos, Class, mark, session};
use crate::reply::{self, Reply, fails, http, http_rpc, rpc_error};
use crate::world::Sent;
use mcp_tether::core::FailureKind;

/// One span.
#[derive(Clone)]
pub(super) struct Span {
    server: String,
    /// One session only.
    session: Option<String>,
    from: u64,
    until: u64,
    kind: u64,
}

/// An outage whose kind changes, as while a server restarts.
const RESTART: u64 = 100;
/// The kinds of outages: not sent, no route, hidden, hidden unless the request has no id, and a gateway's error.
const OUTAGES: u64 = 15;
const HIDDEN: u64 = 2;
const HIDDEN_WITH_ID: u64 = 3;
/// The kinds of odd answers.
const ODDITIES: u64 = 9;

impl Span {
    pub(super) fn restart(server: &str, until: u64) -> Self {
        Self { server: server.into(), session: None, from: 0, until, kind: RESTART }
    }

    fn covers(&self, sent: &Sent, server: &str) -> bool {
        let is_whole = self.session.is_none() || self.session.as_deref() == session(sent);
        self.server == server && is_whole && (self.from..self.until).contains(&sent.at)
    }
}

impl Chaos {
    /// A server is out of reach from `from` to `until`, in one way or in two.
    pub fn outage(&mut self, server: &str, from: u64, until: u64) {
        self.was_odd = true;
        let mut kind = self.rng.up_to(OUTAGES - 1);
        if self.class == Class::Outages && kind == HIDDEN_WITH_ID {
            kind = HIDDEN;
        }
        self.hid |= matches!(kind, HIDDEN | HIDDEN_WITH_ID);
        self.away.push(Span { server: server.into(), session: None, from, until, kind });
        if self.chance(30) && until > from {
            let other = Span { kind: 4 + self.rng.up_to(OUTAGES - 5), ..self.away[self.away.len() - 1].clone() };
            let from = from + self.rng.up_to(until - from);
            self.away.push(Span { from, ..other });
        }
    }

    /// A server, or one session of it, gives odd answers for a while.
    pub fn spell(&mut self, server: &str, from: u64, until: u64) {
        self.was_odd = true;
        let kind = self.rng.up_to(ODDITIES - 1);
        let of = self.issued.iter().filter(|(_, issued)| issued.server == server && issued.alive);
        let ids: Vec<String> = of.map(|(id, _)| id.clone()).collect();
        let session = if self.chance(50) { self.pick(&ids) } else { None };
        self.odd.push(Span { server: server.into(), session, from, until, kind });
    }

    /// Whether anything in this run gave a reason to doubt a live session.
    pub const fn has_been_odd(&self) -> bool {
        self.was_odd
    }

    /// The result of a request to a server that is out of reach.
    pub(super) fn out_of_reach(&mut self, sent: &Sent, server: &str) -> Option<Reply> {
        let kinds: Vec<u64> = self.away.iter().filter(|span| span.covers(sent, server)).map(|span| span.kind).collect();
        let kind = self.pick(&kinds)?;
        let code = [502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527];
        // Behind a gateway, or if a browser hides the answer, the request may have been executed.
        if !matches!(kind, 0 | RESTART) {
            self.thrown.extend(mark(sent));
            if self.chance(30) && session(sent).is_some_and(|id| self.issued[id].alive) && sent.method() == "tools/call"
            {
                self.carry_out(sent, server);
            }
        }
        self.seen.push(match kind {
            HIDDEN | HIDDEN_WITH_ID => "an answer was hidden in an outage",
            0 => "an outage of refused connections",
            1 => "an outage without a route",
            _ => "an outage behind a gateway, or a restart",
        });
        Some(match kind {
            RESTART => match self.rng.up_to(2) {
                0 => reply::refused(),
                1 => http(502, ""),
                _ => reply::reset(),
            },
            0 => reply::refused(),
            1 => fails(FailureKind::Unreachable),
            HIDDEN_WITH_ID if sent.method() == "ping" && session(sent).is_none() => {
                http_rpc(400, -32000, "Bad Request: Mcp-Session-Id header is required")
            }
            HIDDEN | HIDDEN_WITH_ID => fails(FailureKind::Hidden),
            kind => {
                let text = ["", "<html>Bad Gateway</html>", "upstream connect error"][self.rng.up_to(2) as usize];
                http(code[(kind - 4) as usize], text)
            }
        })
    }

    /// The odd answers of a server. Nothing is executed.
    pub(super) fn answer_oddly(&mut self, sent: &Sent, server: &str) -> Option<Reply> {
        if self.calm || sent.verb != "POST" || session(sent).is_none() {
            return None;
        }
        let kind = self.odd.iter().find(|span| span.covers(sent, server)).map(|span| span.kind)?;
        self.seen.push("an odd answer");
        Some(match kind {
            0 => http(500, "oops"),
            1 => http(401, ""),
            2 => http(403, "<html>who are you?</html>"),
            3 if sent.is_request() => rpc_error(-32600, "the client is not attached"),
            4 => http(500, "the store of sessions is full"),
            5 if sent.is_request() => rpc_error(-32603, "session backend failed"),
            7..=8 => reply::silence(),
            _ => http(500, "{}"),
        })
    }
}
