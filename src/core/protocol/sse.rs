//! A push parser for server-sent events, by the rules of WHATWG HTML §9.2.6.
//!
//! A `fetch` body arrives in chunks that end anywhere, so the parser buffers an unfinished line between two calls. A
//! `data` line is not buffered as a whole: once its field name is known, its bytes are appended directly to the event's
//! data, so an event of 8 MB costs one search for line ends and one copy, however many chunks it takes.

use crate::core::kit::text::{has, number};
use crate::core::kit::time::Millis;
use std::mem;

/// A parser for one stream. An unfinished event at the end of the stream is discarded (§9.2.6), so there is no
/// `finish`: drop the parser.
pub struct Parser {
    max_event_bytes: usize,
    /// The expected rest of a byte order mark at the start of the stream; empty after it was found or ruled out.
    bom: &'static [u8],
    /// Whether the last line ended in CR: a following LF belongs to it.
    after_cr: bool,
    line: Line,
    /// The unfinished line, while it is [`Line::Buffered`].
    buffered: Vec<u8>,
    /// The size of the unfinished block's lines in bytes, without comments and line ends.
    size: usize,
    event: Vec<u8>,
    data: Option<Vec<u8>>,
    id: Option<Vec<u8>>,
    retry: Option<Millis>,
}

/// The fields between two blank lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The event's type; `None` for the default, `message`.
    pub event: Option<String>,
    /// The `data` lines, joined by LF; `None` if there was none. `Some("")` is the priming event of MCP 2025-11-25: it
    /// sets the cursor and carries no message.
    pub data: Option<String>,
    /// The block's own id, which becomes the stream's cursor; `Some("")` clears the cursor, `None` leaves it.
    pub id: Option<String>,
    /// The server's delay before the stream is reopened, in milliseconds.
    pub retry: Option<Millis>,
}

/// One item found by [`Parser::feed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A block with data, an id or a retry delay. Blocks with only an event type are discarded.
    Block(Block),
    /// A comment line: a sign of life.
    Comment,
}

/// An event exceeded the limit. The position in the stream is lost, so every later [`Parser::feed`] fails too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// The limit in bytes.
    pub limit: usize,
}

impl Parser {
    /// A parser at the start of a stream.
    ///
    /// `max_event_bytes` limits the lines of one block together, including field names, without comments and line ends.
    /// The parser never buffers more. Each invalid byte may grow to the three bytes of U+FFFD in a [`Block`].
    pub const fn new(max_event_bytes: usize) -> Self {
        Self {
            max_event_bytes,
            bom: BOM,
            after_cr: false,
            line: Line::Buffered,
            buffered: Vec::new(),
            size: 0,
            event: Vec::new(),
            data: None,
            id: None,
            retry: None,
        }
    }

    /// Parses the next chunk and appends completed items to `items`, in order.
    ///
    /// # Errors
    /// [`TooLong`] if a block exceeds the limit; earlier items are in `items`.
    pub fn feed(&mut self, bytes: &[u8], items: &mut Vec<Item>) -> Result<(), TooLong> {
        let mut rest = self.without_bom(bytes);
        while !rest.is_empty() {
            // "\r\n" is one line end, even across two chunks.
            if mem::take(&mut self.after_cr)
                && let [b'\n', after_lf @ ..] = rest
            {
                rest = after_lf;
                continue;
            }
            let (part, end) = rest.split_at(line_end(rest).unwrap_or(rest.len()));
            self.read(part)?;
            rest = match end.split_first() {
                Some((terminator, next)) => {
                    self.after_cr = *terminator == b'\r';
                    self.end_line(items);
                    next
                }
                None => end,
            };
        }
        Ok(())
    }

    /// The chunk without its part of the byte order mark; one mark at the very start of the stream is dropped (§9.2.6).
    fn without_bom<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        while let ([expected, later @ ..], [byte, rest @ ..]) = (self.bom, bytes) {
            if byte != expected {
                // Not a byte order mark: the matching prefix belongs to the first line.
                self.buffered.extend_from_slice(BOM.get(..BOM.len() - self.bom.len()).unwrap_or_default());
                self.size = self.buffered.len();
                self.bom = &[];
                break;
            }
            self.bom = later;
            bytes = rest;
        }
        bytes
    }

    /// Consumes the next bytes of the current line.
    fn read(&mut self, part: &[u8]) -> Result<(), TooLong> {
        if self.line == Line::Buffered && self.buffered.is_empty() && part.starts_with(b":") {
            self.line = Line::Comment;
        }
        if self.line != Line::Comment {
            self.size = self.size.saturating_add(part.len());
        }
        // `size` is not reset, so the parser stays failed.
        if self.size > self.max_event_bytes {
            return Err(TooLong { limit: self.max_event_bytes });
        }
        match self.line {
            Line::Comment => {}
            Line::Data => self.data.get_or_insert_default().extend_from_slice(part),
            Line::Buffered => self.buffer(part),
        }
        Ok(())
    }

    /// Buffers the bytes of a line until it is known whether it is a `data` line.
    fn buffer(&mut self, part: &[u8]) {
        let missing = DATA_FIELD.len().saturating_sub(self.buffered.len());
        let (head, tail) = part.split_at(missing.min(part.len()));
        self.buffered.extend_from_slice(head);
        if missing == head.len() && missing > 0 && self.buffered.starts_with(b"data:") {
            let line = mem::take(&mut self.buffered);
            self.field(&line);
            self.line = Line::Data;
            self.data.get_or_insert_default().extend_from_slice(tail);
        } else {
            self.buffered.extend_from_slice(tail);
        }
    }

    fn end_line(&mut self, items: &mut Vec<Item>) {
        match mem::replace(&mut self.line, Line::Buffered) {
            Line::Comment => items.push(Item::Comment),
            Line::Data => {}
            Line::Buffered if self.buffered.is_empty() => self.end_block(items),
            Line::Buffered => {
                let line = mem::take(&mut self.buffered);
                self.field(&line);
            }
        }
    }

    /// Processes one field line; unknown fields are ignored (§9.2.6).
    fn field(&mut self, line: &[u8]) {
        match split_field(line) {
            (b"data", value) => {
                if let Some(data) = &mut self.data {
                    data.push(b'\n');
                }
                self.data.get_or_insert_default().extend_from_slice(value);
            }
            (b"event", value) => self.event = value.to_vec(),
            // "If the field value does not contain U+0000 NULL": a header could not carry such an id.
            (b"id", value) if !has(value, 0) => self.id = Some(value.to_vec()),
            (b"retry", value) => self.retry = number(value).or(self.retry),
            _ => {}
        }
    }

    fn end_block(&mut self, items: &mut Vec<Item>) {
        self.size = 0;
        let event = mem::take(&mut self.event);
        let block = Block {
            event: (!event.is_empty()).then(|| text(event)),
            data: self.data.take().map(text),
            id: self.id.take().map(text),
            retry: self.retry.take(),
        };
        if block.data.is_some() || block.id.is_some() || block.retry.is_some() {
            items.push(Item::Block(block));
        }
    }
}

/// The destination of the current line's bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Discarded: a comment.
    Comment,
    /// Appended to the data.
    Data,
    /// Buffered until the line is complete or known to be a `data` line.
    Buffered,
}

/// U+FEFF in UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The field name, the separator and the optional space: this many bytes identify a `data` line.
const DATA_FIELD: &[u8] = b"data: ";

/// The position of the first CR or LF, found eight bytes at a time.
fn line_end(bytes: &[u8]) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let without = words.iter().take_while(|word| !has_line_end(u64::from_ne_bytes(**word))).count() * 8;
    let rest = bytes.get(without..)?;
    Some(without + rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?)
}

/// Whether the word contains CR or LF.
const fn has_line_end(word: u64) -> bool {
    has_zero(word ^ (ONES * b'\n' as u64)) || has_zero(word ^ (ONES * b'\r' as u64))
}

/// Whether the word contains a zero byte: only such a byte borrows into a clear high bit (Hacker's Delight, §6-1).
const fn has_zero(word: u64) -> bool {
    word.wrapping_sub(ONES) & !word & (ONES << 7) != 0
}

/// A one in each byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;

/// Field name and value: the value follows the first colon and one optional space; without a colon it is empty
/// (§9.2.6).
fn split_field(line: &[u8]) -> (&[u8], &[u8]) {
    let (name, rest) = line.split_at(line.iter().position(|byte| *byte == b':').unwrap_or(line.len()));
    match rest {
        [b':', b' ', value @ ..] | [b':', value @ ..] => (name, value),
        _ => (name, &[]),
    }
}

/// Decodes bytes; each maximal invalid sequence becomes U+FFFD, as in "UTF-8 decode" (WHATWG Encoding §6). Decoding by
/// line equals decoding the whole stream: a CR, LF or colon is never part of a multi-byte sequence.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| decoded_lossy(error.as_bytes()))
}

#[cold]
fn decoded_lossy(mut bytes: &[u8]) -> String {
    let mut text = String::new();
    while let Err(error) = str::from_utf8(bytes) {
        let (valid, rest) = bytes.split_at(error.valid_up_to());
        text.push_str(str::from_utf8(valid).unwrap_or_default());
        text.push('\u{FFFD}');
        bytes = error.error_len().and_then(|length| rest.get(length..)).unwrap_or_default();
    }
    text.push_str(str::from_utf8(bytes).unwrap_or_default());
    text
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;
