//! The types that cross the border of the machine.

pub use error::*;
pub use event::{Detail, Event, EventKind};
pub use http::*;
pub use ids::{CallId, ExchangeId, SessionRef, Ticket};
pub use info::{Key, Kind, SessionInfo, State, Stats};
pub use input::{ConnectOptions, Input, PageNotification, RequestOptions, Target};
pub use metrics::Metrics;
pub use output::{Level, Output};
pub use token::{Token, TokenRequest};

pub(crate) mod error;
pub(crate) mod event;
mod http;
mod ids;
mod info;
mod input;
mod metrics;
mod output;

mod token;
