//! What a model server must never see, asserted on arrival.

use super::{Chaos, Issued, is_modern, mark, session};
use crate::world::Sent;

impl Chaos {
    pub(super) fn check(&mut self, sent: &Sent, user: &str, server: &str) {
        let is_sse = self.is_sse(server);
        if if is_sse { sent.verb == "GET" } else { sent.method() == "initialize" } {
            let of = |issued: &&mut Issued| issued.user == user && issued.server == server;
            self.issued.values_mut().filter(of).for_each(|issued| issued.retired = true);
        }
        // A GET without a session tests for HTTP+SSE, and a ping without one tests whether only answers to an id are
        // hidden.
        let may_be_bare = matches!(sent.method(), "initialize" | "ping") || sent.verb == "GET" || is_modern(sent);
        let keeps_sessions = self.manners[server].stateful || is_sse;
        assert!(!keeps_sessions || may_be_bare || session(sent).is_some(), "sent without a session");
        if let Some(id) = session(sent) {
            let issued = self.issued.get(id).expect("only issued ids");
            assert_eq!((issued.user.as_str(), issued.server.as_str()), (user, server), "an id of another owner");
            assert!(!issued.ended || sent.verb == "DELETE", "an id was sent after its session was terminated: {id}");
            // A suspected JSON-RPC error is tested by a list, which looks like a user's.
            let finds_out = matches!(sent.method(), "ping" | "tools/list" | "DELETE" | "notifications/initialized");
            if !finds_out && issued.retired {
                self.return_to(id);
            }
            self.issued.get_mut(id).expect("the id was issued").used |= !finds_out;
        }
        if let (Some(cursor), Some(id)) = (sent.cursor(), sent.session()) {
            assert!(cursor.starts_with(id), "cursor {cursor} was sent on session {id}");
        }
        if let Some(mark) = mark(sent) {
            assert!(!self.over.contains(&mark), "call {mark} was sent after it had settled");
        }
    }

    /// The client has begun another handshake since it got this id. It may return to it if the new session is no
    /// better, and only after something that justifies doubting the old one.
    fn return_to(&mut self, id: &str) {
        let (user, server) = (self.issued[id].user.clone(), self.issued[id].server.clone());
        let tells_nothing = matches!(self.manners[&server].lost, 7..=11 | 14 | 17..=21);
        let may_doubt = self.faults > 0 || tells_nothing || self.was_odd;
        assert!(may_doubt, "an id was sent after another handshake had begun: {id}");
        let newer = self
            .issued
            .iter_mut()
            .filter(|(other, issued)| other.as_str() > id && (&issued.user, &issued.server) == (&user, &server));
        for (other, issued) in newer {
            assert!(!issued.used, "{id} was sent after {other}, which was in use");
            issued.retired = true;
        }
        self.issued.get_mut(id).expect("the id was issued").retired = false;
    }

    pub(super) fn note_load(&mut self, sent: &Sent, user: &str, server: &str) {
        let minute = (sent.at - crate::world::START) / 60_000;
        if sent.method() == "initialize" {
            *self.handshakes.entry((user.to_owned(), server.to_owned())).or_default() += 1;
        }
        let load = self.load.entry((user.to_owned(), server.to_owned(), minute)).or_default();
        match sent.method() {
            "initialize" | "server/discover" => load.handshakes += 1,
            "GET" | "subscriptions/listen" => load.gets += 1,
            "ping" => load.pings += 1,
            _ => load.rest += 1,
        }
    }
}
