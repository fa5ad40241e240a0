//! The machine's HTTP requests as arguments for `fetch`.

use super::json::JsJson;
use super::sys;
use crate::core::HttpRequest;
use js_sys::{JsString, Object};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// URLs and headers as JS values, kept for the sessions that were used last: the next call of a session differs from
/// the one before in its body alone, and turning ten strings into JS strings takes longer than all else about it.
#[derive(Default)]
pub(super) struct Templates {
    recent: RefCell<Vec<Template>>,
}

struct Template {
    url: Rc<str>,
    headers: Vec<(Rc<str>, Rc<str>)>,
    js_url: JsString,
    js_headers: Object,
}

impl Templates {
    /// The URL, and an object of headers that the callee may keep and change.
    pub(super) fn render(&self, request: &HttpRequest<JsJson>) -> (JsString, Object) {
        let mut recent = self.recent.borrow_mut();
        let template = match recent.iter().position(|template| template.is_of(request)) {
            Some(found) => recent.remove(found),
            None => Template::of(request),
        };
        let rendered = (template.js_url.clone(), template.headers());
        recent.truncate(KEPT - 1);
        recent.insert(0, template);
        rendered
    }
}

impl Template {
    fn of(request: &HttpRequest<JsJson>) -> Self {
        let js_headers = Object::new();
        for (name, value) in &request.headers {
            sys::put(&js_headers, name, &JsValue::from_str(value));
        }
        Self {
            url: request.url.clone(),
            headers: request.headers.clone(),
            js_url: JsString::from(&*request.url),
            js_headers,
        }
    }

    fn is_of(&self, request: &HttpRequest<JsJson>) -> bool {
        let mut pairs = self.headers.iter().zip(&request.headers);
        same(&self.url, &request.url)
            && self.headers.len() == request.headers.len()
            && pairs.all(|(one, other)| same(&one.0, &other.0) && same(&one.1, &other.1))
    }

    fn headers(&self) -> Object {
        let copy = Object::new();
        // Its members are strings of ours.
        let _ = Object::try_assign(&copy, &self.js_headers);
        copy
    }
}

fn same(one: &Rc<str>, other: &Rc<str>) -> bool {
    Rc::ptr_eq(one, other) || one == other
}

/// Templates kept. A chat uses a few servers at a time; a gateway with more misses and pays the few microseconds.
const KEPT: usize = 16;
