//! Identifiers of calls, exchanges, sessions and server requests, shared by the machine and its driver.

use crate::core::kit::table::Number;

/// One call, numbered upwards by the driver, below 2⁵²; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// One HTTP request and its response, numbered by the machine; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExchangeId(pub u64);

/// One session record, through all its generations; a record created after `terminate` gets another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionRef(pub u64);

/// One request of the server to the client, answered by [`Input::Answer`](crate::core::Input::Answer).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Implements [`Number`] for an id type, which makes it a key of
/// [`Table`](crate::core::kit::table::Table).
macro_rules! numbered {
    ($($kind:ident)*) => {
        $(impl Number for $kind {
            fn number(self) -> u64 {
                self.0
            }
            fn of(number: u64) -> Self {
                Self(number)
            }
        })*
    };
}

numbered!(CallId ExchangeId SessionRef Ticket);
