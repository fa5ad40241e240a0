//! Where the session records live: by (user, server) for callers, by number for everything that is on the wire.

use super::io::SessionRef;
use super::session::{Session, SessionInfo, State};
use super::table::Table;
use serde::Serialize;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Whose session with which server. One user's record is never reached through another user's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The user, as the caller names them.
    pub user: String,
    /// The name of a configured server.
    pub server: String,
}

/// Counts over the store, taken when asked for; nothing is counted twice or kept beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Users with at least one record.
    pub total_users: usize,
    /// Records, whatever their state.
    pub total_sessions: usize,
    /// Records that are ready, or being recovered.
    pub active_sessions: usize,
}

/// The records of one manager.
pub(super) struct Store<J> {
    records: Table<SessionRef, Session<J>>,
    by_key: BTreeMap<Rc<Key>, SessionRef>,
    users: usize,
}

impl<J> Store<J> {
    pub(super) fn new() -> Self {
        Self { records: Table::default(), by_key: BTreeMap::new(), users: 0 }
    }

    pub(super) fn insert(&mut self, session: Session<J>) {
        if self.of_user(&session.key.user).next().is_none() {
            self.users += 1;
        }
        self.by_key.insert(Rc::clone(&session.key), session.reference);
        self.records.insert(session.reference, session);
    }

    pub(super) fn remove(&mut self, reference: SessionRef) -> Option<Session<J>> {
        let session = self.records.remove(reference)?;
        if self.by_key.get(&session.key) == Some(&reference) {
            self.by_key.remove(&session.key);
            if self.of_user(&session.key.user).next().is_none() {
                self.users = self.users.saturating_sub(1);
            }
        }
        Some(session)
    }

    pub(super) fn get(&self, reference: SessionRef) -> Option<&Session<J>> {
        self.records.get(reference)
    }

    pub(super) fn get_mut(&mut self, reference: SessionRef) -> Option<&mut Session<J>> {
        self.records.get_mut(reference)
    }

    pub(super) fn find(&self, key: &Key) -> Option<SessionRef> {
        self.by_key.get(key).copied()
    }

    /// The records of one user, in the order of server names.
    pub(super) fn of_user<'a>(&'a self, user: &'a str) -> impl Iterator<Item = SessionRef> + 'a {
        let from = Rc::new(Key { user: user.to_owned(), server: String::new() });
        self.by_key.range(from..).take_while(move |(key, _)| key.user == user).map(|(_, reference)| *reference)
    }

    /// How many users have a record: kept, because a limit asks for it at every new record.
    pub(super) const fn users(&self) -> usize {
        self.users
    }

    pub(super) fn references(&self) -> Vec<SessionRef> {
        self.records.keys_where(|_| true)
    }

    pub(super) fn stats(&self) -> Stats {
        let mut last_user = None;
        let mut users = 0;
        for key in self.by_key.keys() {
            if last_user != Some(&key.user) {
                users += 1;
                last_user = Some(&key.user);
            }
        }
        Stats { total_users: users, total_sessions: self.by_key.len(), active_sessions: self.active().count() }
    }

    pub(super) fn active_infos(&self) -> Vec<SessionInfo> {
        self.active().map(Session::info).collect()
    }

    fn active(&self) -> impl Iterator<Item = &Session<J>> {
        let is_active = |session: &&Session<J>| matches!(session.state, State::Ready | State::Recovering);
        self.by_key.values().filter_map(|reference| self.records.get(*reference)).filter(is_active)
    }
}
