//! Bindings of platform objects, under the platform's names.
//!
//! `js-sys` and `web-sys` are used where their declarations fit. The rest is declared here: methods that may throw
//! although the standard says they do not (an injected `fetch` returns any object), header lookups with interned names,
//! member access without `Reflect`, which takes V8 several times as much time; and host.js, for code that is smaller in
//! JavaScript.

mod fetch_objects;
mod host;
#[cfg_attr(feature = "gateway", path = "raw.rs")]
mod payload;
mod value;
mod words;

pub(super) use fetch_objects::*;
pub use host::Deferred;
pub(super) use host::*;
pub(super) use payload::*;
pub(super) use value::*;
pub(super) use words::*;
