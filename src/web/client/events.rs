//! Events as a stream.

use crate::core::Event;
use futures_core::Stream;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// The events of a client, a [`Stream`] that ends when the client is closed.
///
/// Of events that are not read, the latest 1,000 are kept.
pub struct Events(pub(super) Rc<RefCell<Unread>>);

/// The events that were emitted and not read.
#[derive(Default)]
pub(super) struct Unread {
    events: VecDeque<Event>,
    waker: Option<Waker>,
    ended: bool,
}

const MAX_UNREAD: usize = 1000;

impl Events {
    /// The next event; `None` when the client is closed.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut unread = self.0.borrow_mut();
        if let Some(event) = unread.events.pop_front() {
            return Poll::Ready(Some(event));
        }
        if unread.ended {
            return Poll::Ready(None);
        }
        unread.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Appends an event. The waker is called without a borrow: an executor may poll at once.
pub(super) fn push(unread: &RefCell<Unread>, event: Event) {
    let waker = {
        let mut unread = unread.borrow_mut();
        if unread.events.len() == MAX_UNREAD {
            unread.events.pop_front();
        }
        unread.events.push_back(event);
        unread.waker.take()
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// No further events follow.
pub(super) fn end(unread: &RefCell<Unread>) {
    let waker = {
        let mut unread = unread.borrow_mut();
        unread.ended = true;
        unread.waker.take()
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}
