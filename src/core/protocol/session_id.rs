//! The session id of a server: what it may consist of, and how it is shown.

use crate::core::kit::text::all;
use std::{fmt, rc::Rc};

/// A session id issued by a server. It is the user's secret: `Debug` shows only [`SessionId::short`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId(Rc<str>);

impl SessionId {
    /// Parses a header value; `None` unless it has 1 to `max_bytes` bytes, all of them visible ASCII, 0x21 to 0x7E (MCP
    /// 2025-11-25, Transports, Session Management).
    pub fn parse(text: &str, max_bytes: usize) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= max_bytes;
        (fits && all(text, |byte| byte.is_ascii_graphic())).then(|| Self(text.into()))
    }

    /// The whole id, for the header and for comparison.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as a header's value.
    pub(crate) const fn as_text(&self) -> &Rc<str> {
        &self.0
    }

    /// The id for display: its first 8 characters and "...". An id of up to 8 characters is cut in half, so that
    /// none is ever shown whole.
    pub fn short(&self) -> String {
        let shown = if self.0.len() > SHOWN { SHOWN } else { self.0.len() / 2 };
        let mut short = String::from(self.0.get(..shown).unwrap_or_default());
        short.push_str("...");
        short
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.short())
    }
}

/// The longest prefix of a session id that is displayed.
const SHOWN: usize = 8;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn session_ids_are_visible_ascii_within_the_limit() {
        assert!(SessionId::parse("!~", 2).is_some());
        for bad in ["", "abc", "a ", "a\n", "\u{7F}", "é"] {
            assert!(SessionId::parse(bad, 2).is_none(), "{bad}");
        }
    }

    #[test]
    fn session_ids_are_never_shown_whole() {
        let short = |text| SessionId::parse(text, 100).unwrap().short();
        assert_eq!(short("1234567890abcdef"), "12345678...");
        assert_eq!(short("123456789"), "12345678...");
        assert_eq!(short("12345678"), "1234...");
        assert_eq!(short("1"), "...");
        assert_eq!(format!("{:?}", SessionId::parse("1234567890abcdef", 100)), "Some(12345678...)");
    }

    proptest! {
        #[test]
        fn any_text_is_handled(text in "\\PC*") {
            if let Some(id) = SessionId::parse(&text, 10) {
                prop_assert!(id.short().strip_suffix("...").is_some_and(|shown| shown != text) && id.as_str() == text);
            }
        }
    }
}
