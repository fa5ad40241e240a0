//! Questions to auth providers, and their answers.

use crate::core::kit::text::concat;
use crate::core::kit::time::Millis;
use std::rc::Rc;

/// What an auth provider is told.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// The MCP endpoint.
    pub url: Rc<str>,
    /// The status of the refusal; `None` before there was one, and before a token expires.
    pub status: Option<u16>,
    /// Its `WWW-Authenticate`, if there was one.
    pub challenge: Option<String>,
    /// How many questions after refusals this makes since a request was accepted.
    pub attempt: u32,
}

/// What an auth provider answers. There is no `Debug`: tokens do not belong into logs.
pub struct Token {
    /// The `Authorization` header: the scheme and the token.
    pub header: String,
    /// How long it is good for, in milliseconds, where that is known.
    pub expires_in: Option<Millis>,
    /// Whose it is, where that is known.
    pub subject: Option<String>,
}

impl From<&str> for Token {
    /// A bearer token of which nothing else is known.
    fn from(value: &str) -> Self {
        Self { header: concat(&["Bearer ", value]), expires_in: None, subject: None }
    }
}
