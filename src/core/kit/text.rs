//! The few operations on text that the machine needs. `format!` and the search methods of `str` would take 6 KB of wasm
//! for the same.

/// `number` in decimal.
pub(crate) fn decimal(number: u64) -> String {
    let mut text = if number < 10 { String::new() } else { decimal(number / 10) };
    text.push(char::from(b'0' + (number % 10) as u8));
    text
}

/// The number in a string of ASCII digits, saturating; `None` if the string is empty or contains anything else.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

/// Whether `text` contains `words`, ASCII case-insensitive.
pub(crate) fn mentions(text: &str, words: &str) -> bool {
    let mut places = text.as_bytes().windows(words.len().max(1));
    words.is_empty() || places.any(|place| place.eq_ignore_ascii_case(words.as_bytes()))
}

/// The parts of `text` before and after the first `mark`.
pub(crate) fn split_once<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at = find(text, mark)?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

/// The position of the first `mark` in `text`.
pub(crate) fn find(text: &str, mark: &str) -> Option<usize> {
    text.as_bytes().windows(mark.len().max(1)).position(|place| place == mark.as_bytes())
}

/// `text` with every occurrence of `secret` replaced by "…".
pub(crate) fn without(text: &str, secret: &str) -> String {
    let (mut rest, mut cleaned) = (text, String::new());
    while let Some((before, after)) = split_once(rest, secret).filter(|_| !secret.is_empty()) {
        cleaned.push_str(before);
        cleaned.push('…');
        rest = after;
    }
    cleaned.push_str(rest);
    cleaned
}

/// Whether `byte` is one of `bytes`; `contains` searches whole words of memory, which takes 600 bytes of code.
pub(crate) fn has(bytes: &[u8], byte: u8) -> bool {
    for other in bytes {
        if *other == byte {
            return true;
        }
    }
    false
}

/// Whether `is_one` is true of all bytes. `bytes().all()` takes a copy of its loop for each closure, 70 to 100 bytes of
/// wasm.
pub(crate) fn all(text: &str, is_one: fn(u8) -> bool) -> bool {
    for byte in text.bytes() {
        if !is_one(byte) {
            return false;
        }
    }
    true
}

/// Whether `text` contains a control character: of ASCII, or U+0080 to U+009F.
pub(crate) fn has_control(text: &str) -> bool {
    without_control(text) != text
}

/// `text` with every control character replaced by "?".
pub(crate) fn without_control(text: &str) -> String {
    let mut plain = Vec::new();
    for byte in text.bytes() {
        let is_second = plain.last() == Some(&0xC2) && byte < 0xA0;
        if is_second {
            plain.pop();
        }
        plain.push(if is_second || byte.is_ascii_control() { b'?' } else { byte });
    }
    String::from_utf8(plain).unwrap_or_default()
}

/// The parts of `text` between the `marks`, which must be ASCII.
pub(crate) fn pieces<'a>(text: &'a str, marks: &[u8]) -> Vec<&'a str> {
    let (mut pieces, mut start) = (Vec::new(), 0);
    for (at, byte) in text.bytes().enumerate() {
        if has(marks, byte) {
            pieces.push(text.get(start..at).unwrap_or_default());
            start = at + 1;
        }
    }
    pieces.push(text.get(start..).unwrap_or_default());
    pieces
}

/// The parts of `text` between whitespace, empty parts omitted.
pub(crate) fn words(text: &str) -> Vec<&str> {
    tokens(text, b" \t\r\n\x0C")
}

/// The parts of `text` between the `marks`, empty parts omitted.
pub(crate) fn tokens<'a>(text: &'a str, marks: &[u8]) -> Vec<&'a str> {
    let mut tokens = Vec::new();
    for piece in pieces(text, marks) {
        if !piece.is_empty() {
            tokens.push(piece);
        }
    }
    tokens
}

/// The parts, concatenated.
pub(crate) fn concat(parts: &[&str]) -> String {
    join(parts, "")
}

/// The parts, with `separator` in between.
pub(crate) fn join(parts: &[&str], separator: &str) -> String {
    let mut joined = String::new();
    for part in parts {
        if !joined.is_empty() {
            joined.push_str(separator);
        }
        joined.push_str(part);
    }
    joined
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_behave_like_the_methods_of_str(text in "[abAB:/é]{0,12}", mark in "[ab:/é]{1,3}", odd in "[a\u{7f}-\u{a2}\n]{0,2}", number: u64) {
            prop_assert_eq!(decimal(number), number.to_string());
            prop_assert_eq!(mentions(&text, &mark), text.to_ascii_lowercase().contains(&mark));
            prop_assert_eq!(split_once(&text, &mark), text.split_once(mark.as_str()));
            prop_assert_eq!(find(&text, &mark), text.find(&mark));
            prop_assert_eq!(pieces(&text, b":/"), text.split([':', '/']).collect::<Vec<_>>());
            prop_assert_eq!(super::number(number.to_string().as_bytes()), Some(number));
            prop_assert_eq!(all(&text, |byte| byte.is_ascii_lowercase()), text.bytes().all(|byte| byte.is_ascii_lowercase()));
            prop_assert_eq!(has_control(&odd), odd.chars().any(char::is_control));
            prop_assert_eq!(without_control(&odd), odd.replace(char::is_control, "?"));
            prop_assert_eq!(without(&text, &mark), text.replace(&mark, "…"));
        }
    }

    #[test]
    fn parts_are_joined_and_zero_is_a_number() {
        assert_eq!(join(&["a", "b"], ", "), "a, b");
        assert_eq!(join(&[], ", "), "");
        assert_eq!(concat(&["a", "", "b"]), "ab");
        assert_eq!(words(" a  b\n"), ["a", "b"]);
        assert_eq!(decimal(0), "0");
        assert_eq!(number(b"99999999999999999999"), Some(u64::MAX));
        assert_eq!([number(b""), number(b"+1")], [None, None]);
    }
}
