//! Events from outside a session: termination, server failures, page life and sleep of the host.

use super::{BETWEEN_OUTAGES, GRACE, Run, SERVERS, USERS, What};
use crate::chaos::Class;
use crate::reply::Step;
use mcp_tether::core::{FailureKind, Input, Key, PageNotification, Target};
use serde_json::Value;

impl Run {
    pub(super) fn terminate(&mut self, user: usize, server: usize) {
        let mut ended: Vec<(String, String)> = vec![(USERS[user].into(), SERVERS[server].into())];
        let target = match (self.rng.up_to(3), self.session(user, server)) {
            (0, _) => {
                ended = SERVERS.iter().map(|server| (USERS[user].into(), (*server).into())).collect();
                // What only the storage has of a user is not known to be theirs.
                ended.retain(|(user, server)| self.world.machine.info(user, server).is_some());
                Target::User(USERS[user].into())
            }
            (1, Some(session)) => {
                ended.retain(|_| self.world.machine.session(session).is_some());
                Target::Session(session)
            }
            _ => Target::Key(USERS[user].into(), SERVERS[server].into()),
        };
        let call = self.world.terminate(target);
        for (user, server) in ended {
            self.world.network.end(&user, &server);
        }
        self.make(call, What::End, Some(5_000));
    }

    /// A session is terminated during its handshake, a trial, an outage, or in any other state.
    pub(super) fn stop_midway(&mut self, user: usize, server: usize) {
        if self.class != Class::Everything {
            return;
        }
        self.connect(user, server);
        self.call(user, server);
        let pause = [0, 2, 10, 50, 3_000][self.rng.up_to(4) as usize];
        let pause = self.rng.up_to(pause);
        self.world.run_for(pause);
        self.terminate(user, server);
    }

    pub(super) fn restart(&mut self, server: usize) {
        let until = self.world.now + [0, 100, 10_000, 120_000][self.rng.up_to(3) as usize];
        for stream in self.world.network.restart(SERVERS[server], until) {
            self.world.push(stream, Step::Fail(FailureKind::Broken));
        }
    }

    /// A server is out of reach, from now on or soon.
    pub(super) fn outage(&mut self, server: usize) {
        let from = self.world.now + [0, self.rng.up_to(100), self.rng.up_to(10_000)][self.rng.up_to(2) as usize];
        let span = [50, 3_000, 20_000, 300_000][self.rng.up_to(3) as usize];
        let until = from + self.rng.up_to(span);
        self.world.network.outage(SERVERS[server], from, until);
    }

    /// All servers are out of reach, for less time than calls wait. Not before all sessions have recovered from the
    /// last time.
    pub(super) fn short_outage(&mut self) {
        let now = self.world.now;
        if now < self.away_until + BETWEEN_OUTAGES {
            return;
        }
        for (server, name) in SERVERS.iter().enumerate() {
            let until = now + self.rng.up_to(self.patience[server] - 1);
            self.world.network.outage(name, now, until);
            self.away_until = self.away_until.max(until);
        }
    }

    pub(super) fn spell(&mut self, server: usize) {
        let from = self.world.now + self.rng.up_to(200);
        let until = from + [2_000, 2_000, 100_000][self.rng.up_to(2) as usize];
        self.world.network.spell(SERVERS[server], from, until);
    }

    /// The host loses the network, for a moment or until an event restores it.
    pub(super) fn offline(&mut self, user: usize, server: usize) {
        self.page(PageNotification::Offline, user, server);
        if self.rng.up_to(3) > 0 {
            let most = [10, 1_000, 20_000][self.rng.up_to(2) as usize];
            let span = self.rng.up_to(most);
            self.world.run_for(span);
            self.page(PageNotification::Online, user, server);
        }
    }

    /// The page reports something about one session or all.
    pub(super) fn page(&mut self, notification: PageNotification<Value>, user: usize, server: usize) {
        let of = (self.rng.up_to(2) > 0).then(|| Key { user: USERS[user].into(), server: SERVERS[server].into() });
        self.world.input(Input::Page { notification, of });
    }

    pub(super) fn sleep(&mut self) {
        let span = [1000, 10_000, 100_000, 1_000_000, 10_000_000][self.rng.up_to(4) as usize];
        self.slept += span + GRACE;
        for made in self.made.values_mut() {
            made.deadline = made.deadline.map(|deadline| deadline + span + GRACE);
        }
        self.world.sleep(span);
    }
}
