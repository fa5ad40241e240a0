//! The session records: by (user, server) for callers, by reference for everything in flight.

use crate::core::api::{SessionInfo, SessionRef, State, Stats};
use crate::core::kit::hash::hash;
use crate::core::kit::index::Index;
use crate::core::kit::table::Table;
use crate::core::state::session::Session;

/// The records of one manager.
///
/// Keys are looked up by seeded 64-bit hashes, so one ordered map serves all indexes. A hash collision costs a
/// comparison with the key in the record.
pub(crate) struct Store<J> {
    records: Table<SessionRef, Session<J>>,
    /// By hash of the user and number, with the hash of the server.
    by_user: Index,
    users: usize,
    seed: u64,
}

impl<J> Store<J> {
    /// An empty store. `seed` must be unpredictable for users who choose their own names.
    pub(crate) fn new(seed: u64) -> Self {
        Self { records: Table::default(), by_user: Index::default(), users: 0, seed }
    }

    pub(crate) fn insert(&mut self, session: Session<J>) {
        let reference = session.reference;
        if !self.has_user(&session.key.user) {
            self.users += 1;
        }
        let server = self.hash_of(&session.key.server);
        self.by_user.insert((self.hash_of(&session.key.user), reference.0), server);
        self.records.insert(reference, session);
    }

    pub(crate) fn remove(&mut self, reference: SessionRef) -> Option<Session<J>> {
        let session = self.records.remove(reference)?;
        self.by_user.remove((self.hash_of(&session.key.user), reference.0));
        if !self.has_user(&session.key.user) {
            self.users = self.users.saturating_sub(1);
        }
        Some(session)
    }

    pub(crate) fn get(&self, reference: SessionRef) -> Option<&Session<J>> {
        self.records.get(reference)
    }

    pub(crate) fn get_mut(&mut self, reference: SessionRef) -> Option<&mut Session<J>> {
        self.records.get_mut(reference)
    }

    pub(crate) fn find(&self, user: &str, server: &str) -> Option<SessionRef> {
        self.of_key(user, server).pop()
    }

    /// The record of (user, server), if there is one.
    pub(crate) fn of_key(&self, user: &str, server: &str) -> Vec<SessionRef> {
        self.named(user, Some(server), 1)
    }

    /// The records of one user, oldest first, at most `most`.
    pub(crate) fn of_user(&self, user: &str, most: usize) -> Vec<SessionRef> {
        self.named(user, None, most)
    }

    /// The number of users with a record; counted, because every new record checks the limit.
    pub(crate) const fn users(&self) -> usize {
        self.users
    }

    pub(crate) fn references(&self) -> Vec<SessionRef> {
        self.records.keys_where(&|_| true)
    }

    /// Whether any session is connecting, now or after a backoff.
    pub(crate) fn makes_session(&self) -> bool {
        !self.records.keys_where(&|session| session.state.in_handshake() || !session.connecting.is_empty()).is_empty()
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats { total_users: self.users, total_sessions: self.records.len(), active_sessions: self.listed(false).len() }
    }

    /// The active sessions, or all, ordered by user and server.
    pub(crate) fn infos(&self, all: bool) -> Vec<SessionInfo> {
        let mut ordered: Vec<&Session<J>> = Vec::new();
        for session in self.listed(all) {
            // The sorting functions of std are larger than the rest of this file.
            let place = ordered.partition_point(|other| other.key < session.key);
            ordered.insert(place, session);
        }
        let mut infos = Vec::new();
        for session in ordered {
            infos.push(session.info());
        }
        infos
    }

    fn listed(&self, all: bool) -> Vec<&Session<J>> {
        let mut listed = Vec::new();
        for (_, session) in self.records.iter() {
            if all || matches!(session.state.name(), State::Ready | State::Recovering | State::Outage) {
                listed.push(session);
            }
        }
        listed
    }

    fn has_user(&self, user: &str) -> bool {
        !self.of_user(user, 1).is_empty()
    }

    fn named(&self, user: &str, server: Option<&str>, most: usize) -> Vec<SessionRef> {
        let (hash, hash_of_server) = (self.hash_of(user), server.map(|server| self.hash_of(server)));
        let mut found = Vec::new();
        for ((other, number), of_server) in self.by_user.from((hash, 0)) {
            if other != hash || found.len() >= most {
                break;
            }
            if hash_of_server.is_some_and(|hash| hash != of_server) {
                continue;
            }
            let Some(session) = self.get(SessionRef(number)) else { continue };
            if session.key.user == user && server.is_none_or(|server| session.key.server == server) {
                found.push(session.reference);
            }
        }
        found
    }

    fn hash_of(&self, name: &str) -> u64 {
        hash(self.seed, &[name])
    }
}
