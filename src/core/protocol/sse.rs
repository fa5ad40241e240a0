//! Server-sent events out of the bytes of a `fetch` body: a push parser to the rules of WHATWG HTML §9.2.6.
//!
//! A body comes in pieces that end anywhere, so the parser keeps an unfinished line between two calls. A long `data`
//! line is never kept whole before it is read: as soon as its field is known, its bytes go straight into the event's
//! data, so that an event of 8 MB costs one search for line ends and one copy, in however many pieces it comes.

use crate::core::kit::text::{has, number};
use crate::core::kit::time::Millis;
use std::mem;

/// A parser for one stream. What is unfinished when the stream ends is no event (§9.2.6), so there is nothing to finish:
/// drop the parser.
pub struct Parser {
    max_event_bytes: usize,
    /// What is still missing of the byte order mark that may open the stream; empty once that is settled.
    bom: &'static [u8],
    /// The last line ended in CR: an LF that comes next belongs to it.
    after_cr: bool,
    line: Line,
    /// The unfinished line, while it is [`Line::Held`].
    held: Vec<u8>,
    /// The bytes of the lines of the unfinished block, comments and line ends not counted.
    size: usize,
    event: Vec<u8>,
    data: Option<Vec<u8>>,
    id: Option<Vec<u8>>,
    retry: Option<Millis>,
}

/// What a stream says between two blank lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The event's type; `None` for the default, `message`.
    pub event: Option<String>,
    /// The `data` lines, joined by LF; `None` when there was none. `Some("")` is the priming event of MCP 2025-11-25:
    /// it sets the cursor and carries no message.
    pub data: Option<String>,
    /// The block's own id, which becomes the stream's cursor; `Some("")` resets the cursor. `None`: the cursor stays.
    pub id: Option<String>,
    /// How long the server asks to wait before the stream is opened again, in milliseconds.
    pub retry: Option<Millis>,
}

/// What [`Parser::feed`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A block that says something: data, an id or a time to wait. An event's type alone says nothing.
    Block(Block),
    /// A comment line: the other side lives.
    Comment,
}

/// An event passed the limit. The place in the stream is lost, so every later [`Parser::feed`] fails as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// The limit that was passed, in bytes.
    pub limit: usize,
}

impl Parser {
    /// A parser at the start of a stream.
    ///
    /// `max_event_bytes` bounds the lines of one block together, field names included, comments and line ends not;
    /// it is also the most that the parser holds. Each invalid byte may grow to the three bytes of U+FFFD in a [`Block`].
    pub const fn new(max_event_bytes: usize) -> Self {
        Self {
            max_event_bytes,
            bom: BOM,
            after_cr: false,
            line: Line::Held,
            held: Vec::new(),
            size: 0,
            event: Vec::new(),
            data: None,
            id: None,
            retry: None,
        }
    }

    /// Reads the next piece of the stream and appends what it completes to `items`, in order.
    ///
    /// # Errors
    /// [`TooLong`] when a block passes the limit; what came before it is in `items`.
    pub fn feed(&mut self, bytes: &[u8], items: &mut Vec<Item>) -> Result<(), TooLong> {
        let mut rest = self.without_bom(bytes);
        while !rest.is_empty() {
            // "\r\n" is one line end, also when its halves come in two pieces.
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

    /// The piece without what it has of the byte order mark; one mark at the very start of the stream is dropped (§9.2.6).
    fn without_bom<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        while let ([expected, later @ ..], [byte, rest @ ..]) = (self.bom, bytes) {
            if byte != expected {
                // No mark after all: what looked like its beginning is the beginning of the first line.
                self.held.extend_from_slice(BOM.get(..BOM.len() - self.bom.len()).unwrap_or_default());
                self.size = self.held.len();
                self.bom = &[];
                break;
            }
            self.bom = later;
            bytes = rest;
        }
        bytes
    }

    /// Takes the next bytes of the current line.
    fn read(&mut self, part: &[u8]) -> Result<(), TooLong> {
        if self.line == Line::Held && self.held.is_empty() && part.starts_with(b":") {
            self.line = Line::Comment;
        }
        if self.line != Line::Comment {
            self.size = self.size.saturating_add(part.len());
        }
        // Never reset after this: the parser stays failed.
        if self.size > self.max_event_bytes {
            return Err(TooLong { limit: self.max_event_bytes });
        }
        match self.line {
            Line::Comment => {}
            Line::Data => self.data.get_or_insert_default().extend_from_slice(part),
            Line::Held => self.hold(part),
        }
        Ok(())
    }

    /// Keeps the bytes of a line until they show whether it is a `data` line.
    fn hold(&mut self, part: &[u8]) {
        let missing = DATA_FIELD.len().saturating_sub(self.held.len());
        let (head, tail) = part.split_at(missing.min(part.len()));
        self.held.extend_from_slice(head);
        if missing == head.len() && missing > 0 && self.held.starts_with(b"data:") {
            let line = mem::take(&mut self.held);
            self.field(&line);
            self.line = Line::Data;
            self.data.get_or_insert_default().extend_from_slice(tail);
        } else {
            self.held.extend_from_slice(tail);
        }
    }

    fn end_line(&mut self, items: &mut Vec<Item>) {
        match mem::replace(&mut self.line, Line::Held) {
            Line::Comment => items.push(Item::Comment),
            Line::Data => {}
            Line::Held if self.held.is_empty() => self.end_block(items),
            Line::Held => {
                let line = mem::take(&mut self.held);
                self.field(&line);
            }
        }
    }

    /// Obeys one field line; a field of another name is ignored (§9.2.6).
    fn field(&mut self, line: &[u8]) {
        match split_field(line) {
            (b"data", value) => {
                if let Some(data) = &mut self.data {
                    data.push(b'\n');
                }
                self.data.get_or_insert_default().extend_from_slice(value);
            }
            (b"event", value) => self.event = value.to_vec(),
            // "If the field value does not contain U+0000 NULL": such an id could not be sent back in a header.
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

/// What becomes of the bytes of the current line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Nothing: a comment.
    Comment,
    /// They are appended to the data.
    Data,
    /// They are kept until the line is complete, or is known to be a `data` line.
    Held,
}

/// U+FEFF in UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A field and its separator, with the one space that may follow: after as many bytes a `data` line is known for one.
const DATA_FIELD: &[u8] = b"data: ";

/// Where the first CR or LF is, looked for eight bytes at a time.
fn line_end(bytes: &[u8]) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let without = words.iter().take_while(|word| !has_line_end(u64::from_ne_bytes(**word))).count() * 8;
    let rest = bytes.get(without..)?;
    Some(without + rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?)
}

/// Whether a byte of the word is CR or LF.
const fn has_line_end(word: u64) -> bool {
    has_zero(word ^ (ONES * b'\n' as u64)) || has_zero(word ^ (ONES * b'\r' as u64))
}

/// Whether a byte of the word is zero: only such a byte borrows into a high bit that was clear (Hacker's Delight, §6-1).
const fn has_zero(word: u64) -> bool {
    word.wrapping_sub(ONES) & !word & (ONES << 7) != 0
}

/// A one in each byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;

/// Field name and value: the value follows the first colon and one optional space, and is empty without a colon (§9.2.6).
fn split_field(line: &[u8]) -> (&[u8], &[u8]) {
    let (name, rest) = line.split_at(line.iter().position(|byte| *byte == b':').unwrap_or(line.len()));
    match rest {
        [b':', b' ', value @ ..] | [b':', value @ ..] => (name, value),
        _ => (name, &[]),
    }
}

/// The bytes as text, each maximal invalid sequence replaced by U+FFFD, as "UTF-8 decode" does (WHATWG Encoding §6).
/// Line by line gives what the whole stream would: a CR, LF or colon is never part of a longer sequence.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| mended(error.as_bytes()))
}

#[cold]
fn mended(mut bytes: &[u8]) -> String {
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
