//! A fault in the configuration, and how it is printed. It is worded where it is found, mostly in `parse`.

use crate::core::kit::text::{concat, without_control};
use std::fmt;

/// One fault in the configuration. It names settings and variables, and never contains their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting, such as `mcpServers.db.sessionConfig.timeout`, or the name of an environment variable.
    pub path: String,
    /// The fault, as a predicate that follows the path.
    pub message: String,
}

impl Problem {
    /// Replaces control characters: keys are arbitrary text and must not be able to forge a log line.
    pub(crate) fn new(path: String, message: impl Into<String>) -> Self {
        Self::made(&path, message.into())
    }

    fn made(path: &str, message: String) -> Self {
        Self { path: without_control(path), message }
    }

    /// The path and the fault.
    pub fn line(&self) -> String {
        concat(&[&self.path, ": ", &self.message])
    }

    /// All problems, one per line.
    pub fn lines(problems: &[Self]) -> String {
        let mut lines = String::new();
        for problem in problems {
            if !lines.is_empty() {
                lines.push('\n');
            }
            lines.push_str(&problem.line());
        }
        lines
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.line())
    }
}
