//! The numbers by which the machine and its driver refer to calls, exchanges, sessions and requests of servers.

use crate::core::kit::table::Number;

/// One waiting caller, numbered upwards by the driver, below 2⁵²; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// One HTTP request and its response, numbered by the machine; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExchangeId(pub u64);

/// One session record, through all its generations; a record made after `terminate` has another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionRef(pub u64);

/// One request of the server to the client, to be answered by [`Input::Answer`](crate::core::Input::Answer).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Makes numbered types fit for [`Table`](crate::core::kit::table::Table).
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
