//! The machine's HTTP requests as arguments of `fetch`.

use super::json::JsJson;
use super::sys;
use crate::core::{HeaderList, HeaderText, HttpRequest};
use js_sys::{JsString, Object};
use std::cell::RefCell;
use std::ptr;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// URLs and headers as JS values, cached for the most recently used sessions: consecutive calls of a session differ
/// only in the body, and converting ten strings takes longer than the rest of a call.
#[derive(Default)]
pub(super) struct Templates {
    recent: RefCell<Vec<Template>>,
}

struct Template {
    url: Rc<str>,
    headers: HeaderList,
    js_url: JsString,
    js_headers: Object,
}

impl Templates {
    /// The URL, and a headers object that the callee owns.
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
        (Rc::ptr_eq(&self.url, &request.url) || self.url == request.url)
            && self.headers.len() == request.headers.len()
            && pairs.all(|(one, other)| same(&one.0, &other.0) && same(&one.1, &other.1))
    }

    fn headers(&self) -> Object {
        let copy = Object::new();
        // Its members are our own strings.
        let _ = Object::try_assign(&copy, &self.js_headers);
        copy
    }
}

fn same(one: &HeaderText, other: &HeaderText) -> bool {
    ptr::eq(&**one, &**other) || **one == **other
}

/// Cached templates. A chat uses a few servers at a time; a gateway with more pays a few microseconds per miss.
const KEPT: usize = 16;
