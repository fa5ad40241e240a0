//! The life of a session: connect, discovery, handshake, recovery, outage, end, persistence, credentials.

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
