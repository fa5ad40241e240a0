//! Reads single values of the configuration, and collects the faults with their paths.

use crate::core::config::problem::Problem;
use crate::core::config::template::Template;
use crate::core::kit::text::{self, concat};
use crate::core::kit::time::Millis;
use crate::core::protocol::json::Json;

/// An object of the configuration and its path; "" for the root.
pub(super) struct Section<J> {
    pub(super) path: String,
    pub(super) value: J,
}

impl<J: Json> Section<J> {
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.into() } else { concat(&[&self.path, ".", key]) }
    }
}

/// Collects the faults. After a fault, reading methods return the default, so that the rest is checked too.
pub(super) struct Reader<'a> {
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl Reader<'_> {
    pub(super) fn section<J: Json>(&mut self, parent: &Section<J>, key: &str) -> Option<Section<J>> {
        let (path, value) = (parent.path_of(key), parent.value.get(key)?);
        if value.is_object() {
            return Some(Section { path, value });
        }
        self.problem(path, MUST_BE_OBJECT);
        None
    }

    pub(super) fn required_section<J: Json>(&mut self, parent: &Section<J>, key: &str) -> Option<Section<J>> {
        if parent.value.get(key).is_none() {
            self.problem(parent.path_of(key), IS_MISSING);
        }
        self.section(parent, key)
    }

    pub(super) fn string<J: Json>(&mut self, section: &Section<J>, key: &str) -> Option<String> {
        let text = section.value.get(key)?.as_str();
        if text.is_none() {
            self.problem(section.path_of(key), "must be a string");
        }
        text
    }

    pub(super) fn number<J: Json>(&mut self, section: &Section<J>, key: &str, range: &Range) -> Option<u64> {
        let number = section.value.get(key)?.as_whole().filter(|number| range.has(*number));
        if number.is_none() {
            self.problem(section.path_of(key), range.rule);
        }
        number
    }

    pub(super) fn milliseconds<J: Json>(
        &mut self,
        section: &Section<J>,
        key: &str,
        least: u64,
        default: Millis,
    ) -> Millis {
        self.number(section, key, &milliseconds_from(least)).unwrap_or(default)
    }

    pub(super) fn template(&mut self, path: &str, text: &str) -> Option<Template> {
        match Template::parse(text, self.env) {
            Ok(template) => Some(template),
            Err(faults) => {
                for fault in faults {
                    self.problems.push(Problem::new(path.into(), fault));
                }
                None
            }
        }
    }

    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.env)(name).map(|value| value.trim_ascii().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn variable_number(&mut self, name: &str, range: &Range) -> Option<u64> {
        let value = self.variable(name)?;
        let number = text::number(value.as_bytes()).filter(|number| range.has(*number));
        if number.is_none() {
            self.problem(name.into(), range.rule);
        }
        number
    }

    pub(super) fn warn_of_unknown<J: Json>(&mut self, section: &Section<J>, known: &[&str]) {
        for key in section.value.keys().unwrap_or_default() {
            if !known.contains(&key.as_str()) && section.value.get(&key).is_some() {
                self.warnings.push(Problem::new(section.path_of(&key), "is not a known setting; ignored"));
            }
        }
    }

    pub(super) fn problem(&mut self, path: String, message: &str) {
        self.problems.push(Problem::new(path, message));
    }
}

/// The allowed whole numbers, and the message for all others.
pub(super) struct Range {
    pub(super) least: u64,
    pub(super) most: u64,
    pub(super) rule: &'static str,
}

impl Range {
    pub(super) const fn has(&self, number: u64) -> bool {
        self.least <= number && number <= self.most
    }
}

pub(super) const fn milliseconds_from(least: u64) -> Range {
    let rule = if least == 0 {
        "must be a whole number of milliseconds, 0 or more"
    } else {
        "must be a whole number of milliseconds, 1 or more"
    };
    Range { least, most: MAX_SAFE_INTEGER, rule }
}

pub(super) const IS_MISSING: &str = "is missing";
/// A `Map`, `Headers` or a promise is an object, too, without members.
pub(crate) const MUST_BE_OBJECT: &str = "must be a plain object";

/// 2⁵³ − 1: JavaScript numbers are exact up to here, and so is a deadline that far from now.
pub(super) const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;
