//! A fault in the configuration.

use crate::core::kit::text::{concat, without_control};
use std::fmt;

/// One fault in the configuration. It names settings and variables, and never shows their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which setting: `mcpServers.db.sessionConfig.timeout`, or the name of an environment variable.
    pub path: String,
    /// What is wrong with it, as the rest of the sentence.
    pub message: String,
}

impl Problem {
    /// Keys are anybody's text: without control characters they cannot fake a line of a log.
    pub(crate) fn new(path: String, message: impl Into<String>) -> Self {
        Self::made(&path, message.into())
    }

    fn made(path: &str, message: String) -> Self {
        Self { path: without_control(path), message }
    }

    /// The whole sentence.
    pub fn line(&self) -> String {
        concat(&[&self.path, ": ", &self.message])
    }

    /// One line a problem.
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
