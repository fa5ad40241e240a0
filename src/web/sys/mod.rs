//! The platform's objects under the platform's names.
//!
//! `js-sys` and `web-sys` serve wherever their declarations mean the same. By hand is only what they cannot do: methods
//! that throw although the standard says they do not (an injected `fetch` answers with whatever it likes), headers looked
//! up by interned names, members read without `Reflect`, which takes V8 several times as long; and host.js, for what
//! JavaScript says in fewer bytes.

mod fetch;
mod host;
mod value;
mod words;

pub(super) use fetch::*;
pub use host::Deferred;
pub(super) use host::*;
pub(super) use value::*;
pub(super) use words::*;
