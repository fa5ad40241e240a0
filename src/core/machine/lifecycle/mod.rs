//! What a session goes through: connecting, discovery, handshakes, recovery, outages, ends, persistence, credentials.

pub(crate) mod auth;
pub(crate) mod connect;
pub(crate) mod discovery;
pub(crate) mod ending;
pub(crate) mod handshake;
pub(crate) mod http_sse;
pub(crate) mod liveness;
pub(crate) mod outage;
pub(crate) mod persistence;
pub(crate) mod recovery;
pub(crate) mod resolve;
pub(crate) mod suspicion;
