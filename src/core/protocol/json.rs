//! JSON values as the machine sees them: opaque payloads of the host's engine, read and built through one trait.

/// A JSON value that lives in the host's engine (a JS value in a page, a `serde_json::Value` in native tests).
///
/// The machine reads the few members that it decides on and builds the envelopes that it sends;
/// params and results pass through untouched, so their bytes are never copied into the module.
/// Every reader answers `None` for a value of another type: a server's odd answer is input, not a bug.
pub trait Json: Clone {
    /// An empty object.
    fn object() -> Self;
    /// A string.
    fn string(text: &str) -> Self;
    /// A number; every number that the machine writes is an integer below 2⁵³.
    fn number(number: f64) -> Self;
    /// `true` or `false`.
    fn boolean(value: bool) -> Self;
    /// An array.
    fn array(items: Vec<Self>) -> Self;

    /// Sets member `key` of this object; does nothing on any other value.
    fn set(&mut self, key: &str, value: Self);
    /// A copy whose members can be set without touching this value; an empty object for any other value than an object.
    fn shallow_copy(&self) -> Self;

    /// A copy that shares nothing with this value.
    fn deep_copy(&self) -> Self;

    /// Member `key` of this object; `None` when absent, `null`, or when this is no object.
    fn get(&self, key: &str) -> Option<Self>;
    /// The text of a string.
    fn as_str(&self) -> Option<String>;
    /// The value of a number.
    fn as_f64(&self) -> Option<f64>;
    /// The value of a boolean.
    fn as_bool(&self) -> Option<bool>;
    /// The items of an array.
    fn as_array(&self) -> Option<Vec<Self>>;
    /// The own enumerable member names of an object, in its order; `None` for anything else.
    fn keys(&self) -> Option<Vec<String>>;
    /// Whether this is an object, and not an array.
    fn is_object(&self) -> bool;
    /// The text of the value, for comparing one list of tools with the next; never sent, never logged.
    fn to_text(&self) -> String;

    /// Member `key` as a string.
    fn get_str(&self, key: &str) -> Option<String> {
        self.get(key)?.as_str()
    }

    /// This object with member `key` set to `value`.
    #[must_use]
    fn with(mut self, key: &str, value: Self) -> Self {
        self.set(key, value);
        self
    }
}

/// The strings of an array.
pub(crate) fn texts<J: Json>(array: &J) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for item in array.as_array()? {
        if let Some(text) = item.as_str() {
            texts.push(text);
        }
    }
    Some(texts)
}

/// `first`, and those members of `others` that it lacks.
pub(crate) fn completed<J: Json>(first: &J, others: Option<&J>) -> J {
    let mut all = first.shallow_copy();
    let Some(others) = others else { return all };
    for name in others.keys().unwrap_or_default() {
        if let (None, Some(value)) = (all.get(&name), others.get(&name)) {
            all.set(&name, value);
        }
    }
    all
}
