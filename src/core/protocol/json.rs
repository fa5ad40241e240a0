//! JSON values as the machine sees them: opaque values of the host's engine, read and built through one trait.

/// A JSON value that lives in the host's engine (a JS value in a page, a `serde_json::Value` in native tests).
///
/// The machine reads only the members that it decides on, and builds the envelopes that it sends. Params and results
/// pass through untouched, so their bytes are never copied into the module. Every accessor returns `None` for a value
/// of another type: malformed messages are input, not bugs.
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

    /// Sets member `key` of this object; no effect on other values.
    fn set(&mut self, key: &str, value: Self);
    /// A shallow copy whose members can be set independently; an empty object if this is not an object.
    fn shallow_copy(&self) -> Self;

    /// A deep copy.
    fn deep_copy(&self) -> Self;

    /// Member `key` of this object; `None` if it is absent or `null`, or if this is not an object.
    fn get(&self, key: &str) -> Option<Self>;
    /// The text of a string.
    fn as_str(&self) -> Option<String>;
    /// The value of a number.
    fn as_f64(&self) -> Option<f64>;
    /// The value of a boolean.
    fn as_bool(&self) -> Option<bool>;
    /// The items of an array.
    fn as_array(&self) -> Option<Vec<Self>>;
    /// The own enumerable keys of an object, in order; `None` for other values.
    fn keys(&self) -> Option<Vec<String>>;
    /// Whether this is an object other than an array.
    fn is_object(&self) -> bool;
    /// The value as text, for comparison of tool lists; never sent or logged.
    fn to_text(&self) -> String;

    /// Member `key` as a string.
    fn get_str(&self, key: &str) -> Option<String> {
        self.get(key)?.as_str()
    }

    /// Member `key` as a whole number.
    fn get_whole(&self, key: &str) -> Option<u64> {
        self.get(key)?.as_whole()
    }

    /// The value of a whole number from 0 to 2⁵³ − 1.
    fn as_whole(&self) -> Option<u64> {
        whole(self.as_f64()?)
    }

    /// Sets member `key` and returns the object.
    #[must_use]
    fn with(mut self, key: &str, value: Self) -> Self {
        self.set(key, value);
        self
    }
}

/// A whole number from 0 to 2⁵³ − 1, which is exact in JavaScript.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
pub(crate) fn whole(number: f64) -> Option<u64> {
    ((0.0..9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0).then_some(number as u64)
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

/// `first` with the members of `others` that it lacks.
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

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_those_that_javascript_represents_exactly() {
        let largest = 9_007_199_254_740_991;
        assert_eq!([0.0, -0.0, 1.0, largest as f64].map(whole), [Some(0), Some(0), Some(1), Some(largest)]);
        for bad in [0.5, -1.0, 9_007_199_254_740_992.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(whole(bad), None, "{bad}");
        }
    }
}
