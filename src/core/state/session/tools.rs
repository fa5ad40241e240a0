//! The tools of a server in one generation: stored as sent, parsed only when a decision needs them.

use crate::core::api::CallId;
use crate::core::kit::hash::hash;
use crate::core::kit::table::Named;
use crate::core::protocol::headers::HeaderList;
use crate::core::protocol::json::Json;
use crate::core::protocol::mirror;
use crate::core::protocol::replay::Safety;

/// Limit of pages in the machine's own `tools/list`.
pub(crate) const MAX_PAGES: usize = 50;

/// Limit of tools. Tools beyond it count as unsafe.
pub(crate) const MAX_TOOLS: usize = 1000;

/// A multiplier with well-spread bits, for the hash.
const CURSOR_SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// The tool list, as far as known.
pub(crate) struct Tools<J> {
    /// The `tools` arrays of the pages seen in this generation.
    pages: Vec<J>,
    /// Whether the last page was among them.
    complete: bool,
    /// Hashes of the cursors seen by the machine's own listing.
    cursors: Vec<u64>,
    /// The complete list of the previous generation.
    before: Option<Vec<J>>,
    /// Tools whose arguments are mirrored in headers, by name (2026-07-28 only).
    annotated: Named<J>,
    /// Calls whose retry decision needs the list.
    pub(crate) waiting: Vec<CallId>,
    /// Whether the machine is fetching the list.
    pub(crate) fetching: bool,
}

impl<J> Default for Tools<J> {
    fn default() -> Self {
        Self {
            pages: Vec::new(),
            complete: false,
            cursors: Vec::new(),
            before: None,
            annotated: Named::default(),
            waiting: Vec::new(),
            fetching: false,
        }
    }
}

impl<J: Json> Tools<J> {
    /// Adds one page of the list. `is_first` starts a new list.
    pub(crate) fn note_page(&mut self, result: &J, is_first: bool) {
        let Some(tools) = result.get("tools") else { return };
        if is_first {
            self.pages.clear();
        }
        // Callers may page without limit. Tools beyond the limits count as unsafe.
        let is_full = self.is_full();
        if !is_full {
            self.pages.push(tools);
        }
        self.complete = !is_full && result.get("nextCursor").is_none();
    }

    /// The next cursor of the machine's own listing. A repeated cursor ends the list, as an empty or missing one does:
    /// some servers ignore cursors and return the same one with every page, others return them in a cycle.
    pub(crate) fn next_cursor(&mut self, result: &J) -> Option<J> {
        let cursor = result.get("nextCursor").filter(|cursor| cursor.as_str().is_none_or(|text| !text.is_empty()));
        let hashed = cursor.as_ref().map(|cursor| hash(CURSOR_SEED, &[&cursor.to_text()]));
        match hashed.filter(|hashed| !self.cursors.contains(hashed)) {
            Some(_) if self.is_full() => {}
            Some(hashed) => {
                self.cursors.push(hashed);
                return cursor;
            }
            None => self.complete = true,
        }
        None
    }

    /// The machine's own listing ended.
    pub(crate) fn end_listing(&mut self) {
        self.fetching = false;
        self.cursors.clear();
    }

    /// Drops the list: it may have changed at the server, or the session is new.
    pub(crate) fn forget(&mut self) {
        if self.complete {
            self.before = Some(std::mem::take(&mut self.pages));
        }
        self.pages.clear();
        self.annotated = Named::default();
        self.complete = false;
        self.cursors.clear();
    }

    /// Removes the tools whose `x-mcp-header` annotations are invalid (2026-07-28 basic/transports/streamable-http: the
    /// client MUST exclude them). Returns the page and the removed names.
    pub(crate) fn without_invalid(&mut self, result: J) -> (J, Vec<String>) {
        let (mut valid, mut dropped) = (Vec::new(), Vec::new());
        for tool in result.get("tools").and_then(|tools| tools.as_array()).unwrap_or_default() {
            let name = tool.get_str("name").unwrap_or_default();
            self.annotated.remove(&name);
            if mirror::is_annotated(&tool) {
                if !mirror::is_valid(&tool) {
                    dropped.push(name);
                    continue;
                }
                self.annotated.insert(name, tool.clone());
            }
            valid.push(tool);
        }
        let page = if dropped.is_empty() { result } else { result.shallow_copy().with("tools", J::array(valid)) };
        (page, dropped)
    }

    /// The headers for a call of this tool, if it is listed.
    pub(crate) fn parameter_headers(&self, name: &str, arguments: Option<&J>) -> HeaderList {
        self.annotated.get(name).map(|tool| mirror::parameter_headers(tool, arguments)).unwrap_or_default()
    }

    /// Whether there is an older list to compare with.
    pub(crate) const fn has_before(&self) -> bool {
        self.before.is_some()
    }

    /// Whether the complete list differs from that of the previous generation. Clears the older list.
    pub(crate) fn take_difference(&mut self) -> bool {
        let Some(before) = self.before.take() else { return false };
        self.complete && text(&before) != text(&self.pages)
    }

    /// Whether the limits of the machine's own listing are reached.
    pub(crate) fn is_full(&self) -> bool {
        self.pages.len() >= MAX_PAGES || self.all().len() >= MAX_TOOLS
    }

    /// The safety of calling tool `name`; [`Safety::ByTool`] while the list is not known.
    pub(crate) fn safety(&self, name: &str) -> Safety {
        for tool in self.all() {
            if tool.get_str("name").as_deref() == Some(name) {
                return if is_safe(&tool) { Safety::Safe } else { Safety::Unsafe };
            }
        }
        if self.complete { Safety::Unsafe } else { Safety::ByTool }
    }

    /// The tools of all pages.
    fn all(&self) -> Vec<J> {
        let mut all = Vec::new();
        for page in &self.pages {
            all.append(&mut page.as_array().unwrap_or_default());
        }
        all
    }
}

/// The text of the pages, for comparison.
fn text<J: Json>(pages: &[J]) -> String {
    let mut text = String::new();
    for page in pages {
        text.push_str(&page.to_text());
    }
    text
}

fn is_safe<J: Json>(tool: &J) -> bool {
    let hint =
        |name| tool.get("annotations").and_then(|hints| hints.get(name)).and_then(|hint| hint.as_bool()) == Some(true);
    hint("readOnlyHint") || hint("idempotentHint")
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn annotations_decide_and_silence_is_unsafe() {
        let mut tools = Tools::default();
        assert_eq!(tools.safety("read"), Safety::ByTool, "not asked yet");
        tools.note_page(
            &json!({"tools": [
                {"name": "read", "annotations": {"readOnlyHint": true}},
                {"name": "set", "annotations": {"idempotentHint": true}},
                {"name": "order"},
            ], "nextCursor": "2"}),
            true,
        );
        assert_eq!(tools.safety("read"), Safety::Safe);
        assert_eq!(tools.safety("set"), Safety::Safe);
        assert_eq!(tools.safety("order"), Safety::Unsafe);
        assert_eq!(tools.safety("other"), Safety::ByTool, "there is another page");
        tools.note_page(&json!({"tools": []}), false);
        assert_eq!(tools.safety("other"), Safety::Unsafe);
    }

    #[test]
    fn a_list_without_end_is_kept_up_to_fifty_pages() {
        let mut tools = Tools::default();
        for page in 0..1000 {
            let more = if page < 999 { json!("more") } else { json!(null) };
            tools.note_page(&json!({"tools": [{"name": "x"}], "nextCursor": more}), page == 0);
        }
        assert_eq!(tools.pages.len(), MAX_PAGES);
        assert!(!tools.complete, "its end is not known");
        tools.note_page(&json!({"tools": [{"name": "a"}]}), true);
        assert!(tools.complete, "a new list begins");
    }

    #[test]
    fn a_list_differs_only_from_a_complete_one_before() {
        let mut tools = Tools::default();
        tools.note_page(&json!({"tools": [{"name": "a"}]}), true);
        tools.forget();
        tools.note_page(&json!({"tools": [{"name": "a"}]}), true);
        assert!(!tools.take_difference());
        tools.forget();
        tools.note_page(&json!({"tools": [{"name": "b"}]}), true);
        assert!(tools.take_difference());
        assert!(!tools.take_difference(), "reported once");
    }
}
