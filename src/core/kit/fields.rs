//! Small types of our own as lists of named values: one serializer writes them all, and absent values cost nothing.

use serde::{Serialize, Serializer};

/// The fields of a snapshot or an event, under their public names.
#[derive(Default)]
pub struct Fields<'a>(Vec<(&'static str, Value<'a>)>);

/// The value of a field.
pub enum Value<'a> {
    /// A string.
    Text(&'a str),
    /// A number.
    Number(f64),
}

impl<'a> Fields<'a> {
    /// Adds a string; `None` adds nothing.
    pub(crate) fn text(&mut self, name: &'static str, text: impl Into<Option<&'a str>>) {
        if let Some(text) = text.into() {
            self.0.push((name, Value::Text(text)));
        }
    }

    /// All fields, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &(&'static str, Value<'a>)> {
        self.0.iter()
    }

    /// Adds a number below 2⁵³; `None` adds nothing.
    pub(crate) fn number(&mut self, name: &'static str, number: impl Into<Option<u64>>) {
        if let Some(number) = number.into() {
            self.0.push((name, Value::Number(number as f64)));
        }
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_f64(*number),
        }
    }
}
