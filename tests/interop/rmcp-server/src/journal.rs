//! The server's actions, a line of JSON each, in a file that outlives the process.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

pub struct Journal(Mutex<File>);

impl Journal {
    pub fn open(path: &str) -> io::Result<Self> {
        Ok(Self(Mutex::new(OpenOptions::new().append(true).create(true).open(path)?)))
    }

    pub fn handshake(&self) {
        self.note(&json!({ "did": "initialize", "process": std::process::id() }));
    }

    /// `did` is "call", "done" or "cancelled".
    pub fn tool(&self, did: &str, tool: &str, key: &str) {
        self.note(&json!({ "did": did, "tool": tool, "key": key, "process": std::process::id() }));
    }

    /// One write a line, so that a kill leaves whole lines behind.
    fn note(&self, entry: &Value) {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The test that misses the line reports more than a panic here would.
        let _ = file.write_all(format!("{entry}\n").as_bytes());
    }
}
