//! The validated configuration: no later code checks it again.

mod limits;
mod parse;
mod problem;
mod reader;
mod server;
mod template;

pub use crate::core::protocol::replay::Replay;
pub use limits::Limits;
pub use parse::parse;
pub use problem::Problem;
#[cfg(target_family = "wasm")]
pub(crate) use reader::MUST_BE_OBJECT;
pub use server::*;
pub use template::Template;
