//! `serde_json::Value` as the payload type, for tests and Rust programs. The published module does not include it.

use crate::core::protocol::json::Json;
use serde_json::{Map, Value};

impl Json for Value {
    fn object() -> Self {
        Self::Object(Map::new())
    }
    fn string(text: &str) -> Self {
        Self::String(text.into())
    }
    #[allow(clippy::cast_possible_truncation, reason = "the machine writes integers only")]
    fn number(number: f64) -> Self {
        Self::from(number as i64)
    }
    fn boolean(value: bool) -> Self {
        Self::Bool(value)
    }
    fn array(items: Vec<Self>) -> Self {
        Self::Array(items)
    }
    fn set(&mut self, key: &str, value: Self) {
        if let Self::Object(members) = self {
            members.insert(key.into(), value);
        }
    }
    fn shallow_copy(&self) -> Self {
        if self.is_object() { self.clone() } else { Self::Object(Map::new()) }
    }
    fn deep_copy(&self) -> Self {
        self.clone()
    }
    fn get(&self, key: &str) -> Option<Self> {
        Self::get(self, key).filter(|value| !value.is_null()).cloned()
    }
    fn as_str(&self) -> Option<String> {
        Self::as_str(self).map(Into::into)
    }
    fn as_f64(&self) -> Option<f64> {
        Self::as_f64(self)
    }
    fn as_bool(&self) -> Option<bool> {
        Self::as_bool(self)
    }
    fn as_array(&self) -> Option<Vec<Self>> {
        Self::as_array(self).cloned()
    }
    fn keys(&self) -> Option<Vec<String>> {
        Some(self.as_object()?.keys().cloned().collect())
    }
    fn is_object(&self) -> bool {
        Self::is_object(self)
    }
    fn to_text(&self) -> String {
        self.to_string()
    }
}
