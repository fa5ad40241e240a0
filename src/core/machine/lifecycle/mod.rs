//! What a session goes through: connecting, discovery, handshakes, recovery, outages, ends, persistence, credentials.

mod auth;
mod connect;
mod discovery;
pub(crate) mod ending;
mod handshake;
mod http_sse;
mod liveness;
mod outage;
mod persistence;
mod recovery;
mod resolve;
mod suspicion;
