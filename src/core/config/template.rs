//! Header values with placeholders: `${NAME}` is replaced from the environment once, `{{name}}` for each user.

use crate::core::kit::text::{all, concat, find, has, split_once};
use std::fmt;

/// A configured header value: literal text, including secrets from the environment, and placeholders for user data.
///
/// Replacements are never scanned for placeholders. `Debug` shows the placeholders' names and no text.
#[derive(Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

impl Template {
    /// Parses `text` and substitutes the variables of `env`.
    ///
    /// # Errors
    /// All faults in the text, as predicates that follow the setting's path; names are shown, values never.
    pub fn parse(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let (mut pieces, mut faults) = (Vec::new(), Vec::new());
        let mut rest = text;
        loop {
            let (variable, user) = (find(rest, "${"), find(rest, "{{"));
            // "${{" is a dollar sign before a user placeholder: names of variables contain no brace.
            let is_user = user.is_some_and(|user| variable.is_none_or(|variable| user <= variable + 1));
            let (open, close) = if is_user { ("{{", "}}") } else { ("${", "}") };
            let Some((literal, inside)) = split_once(rest, open) else { break };
            pieces.push(Piece::Text(literal.into()));
            let Some((name, after)) = split_once(inside, close) else {
                faults.push(concat(&["has an unclosed ", open]));
                break;
            };
            rest = after;
            let name = name.trim_ascii();
            if !is_name(name) {
                faults.push(concat(&["has a ", open, " without a valid name: write ", open, "NAME", close]));
            } else if is_user {
                pieces.push(Piece::Placeholder(name.into()));
            } else if let Some(value) = env(name) {
                pieces.push(Piece::Text(value));
            } else {
                faults.push(concat(&["needs the environment variable ", name, ", which is not set"]));
            }
        }
        pieces.push(Piece::Text(rest.into()));
        if faults.is_empty() { Ok(Self(pieces)) } else { Err(faults) }
    }

    /// The value for one user; `lookup` returns the value of a placeholder.
    ///
    /// # Errors
    /// The names of placeholders without a value.
    pub fn fill<'a>(&'a self, lookup: &dyn Fn(&str) -> Option<&'a str>) -> Result<String, Vec<&'a str>> {
        let (mut filled, mut unknown) = (String::new(), Vec::new());
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Placeholder(name) => match lookup(name) {
                    Some(value) => filled.push_str(value),
                    None => unknown.push(name.as_str()),
                },
            }
        }
        if unknown.is_empty() { Ok(filled) } else { Err(unknown) }
    }

    /// The text without placeholders: the whole value if [`Self::has_holes`] is false.
    pub fn literal(&self) -> String {
        let mut literal = String::new();
        for piece in &self.0 {
            if let Piece::Text(text) = piece {
                literal.push_str(text);
            }
        }
        literal
    }

    /// Whether the value depends on the user.
    pub fn has_holes(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Placeholder(_)))
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Template(")?;
        for piece in &self.0 {
            if let Piece::Placeholder(name) = piece {
                formatter.write_str("{{")?;
                formatter.write_str(name)?;
                formatter.write_str("}}")?;
            }
        }
        formatter.write_str(")")
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(String),
}

/// Letters, digits, `_`, `-` and `.`: the usual characters of variable names.
fn is_name(name: &str) -> bool {
    !name.is_empty() && all(name, |byte| byte.is_ascii_alphanumeric() || has(b"_-.", byte))
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn env(name: &str) -> Option<String> {
        (name == "KEY").then(|| "{{USER_ID}} ${KEY}".into())
    }

    fn filled(text: &str) -> Result<String, String> {
        let template = Template::parse(text, &env).map_err(|faults| faults.join("; "))?;
        template.fill(&|name| (name == "USER_ID").then_some("ann")).map_err(|names| names.join(", "))
    }

    #[test]
    fn placeholders_are_replaced_once() {
        assert_eq!(filled("plain"), Ok("plain".into()));
        assert_eq!(filled("a{{USER_ID}}b{{ USER_ID }}"), Ok("aannbann".into()));
        assert_eq!(filled("Bearer ${KEY}!"), Ok("Bearer {{USER_ID}} ${KEY}!".into()));
        assert_eq!(filled("$ {a} }} $${{USER_ID}}"), Ok("$ {a} }} $$ann".into()));
        assert_eq!(filled("$${KEY}"), Ok("${{USER_ID}} ${KEY}".into()));
    }

    #[test]
    fn every_fault_is_named() {
        assert_eq!(
            filled("${NONE}${ALSO_NONE}"),
            Err("needs the environment variable NONE, which is not set; \
                 needs the environment variable ALSO_NONE, which is not set"
                .into())
        );
        assert_eq!(filled("{{who}}{{USER_ID}}{{what}}"), Err("who, what".into()));
        assert_eq!(filled("secret ${KEY"), Err("has an unclosed ${".into()));
        assert_eq!(filled("secret {{x"), Err("has an unclosed {{".into()));
        assert_eq!(
            filled("{{a b}}${}"),
            Err("has a {{ without a valid name: write {{NAME}}; has a ${ without a valid name: write ${NAME}".into())
        );
    }

    #[test]
    fn debug_shows_no_text() {
        let template = Template::parse("Bearer ${KEY} {{USER_ID}}", &env);
        assert_eq!(format!("{template:?}"), "Ok(Template({{USER_ID}}))");
    }

    proptest! {
        #[test]
        fn any_text_is_handled(text in "([ab${} ]|KEY|\\PC){0,40}") {
            if let Ok(template) = Template::parse(&text, &env) {
                prop_assert_eq!(template.has_holes(), template.fill(&|_| None).is_err());
            }
            if !text.contains("${") && !text.contains("{{") {
                prop_assert_eq!(filled(&text), Ok(text));
            }
        }
    }
}
