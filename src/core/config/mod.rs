//! The configuration after it was read: nothing in here has to be checked again.

mod limits;
mod parse;
mod problem;
mod server;
mod template;

pub use crate::core::protocol::replay::Replay;
pub use limits::Limits;
pub use parse::parse;
pub use problem::Problem;
pub use server::*;
pub use template::Template;
