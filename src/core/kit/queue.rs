//! A FIFO queue of two plain vectors: a `VecDeque` takes 2 KB of wasm for each item type.

/// A FIFO queue. `pushed` is in order, `next` is reversed; each item is moved from one to the other once.
pub(crate) struct Queue<T> {
    pushed: Vec<T>,
    next: Vec<T>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { pushed: Vec::new(), next: Vec::new() }
    }
}

impl<T> Queue<T> {
    pub(crate) fn push_back(&mut self, item: T) {
        self.pushed.push(item);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pushed.is_empty() && self.next.is_empty()
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        if self.next.is_empty() {
            std::mem::swap(&mut self.next, &mut self.pushed);
            self.next.reverse();
        }
        self.next.pop()
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn items_leave_in_the_order_of_their_arrival() {
        let mut queue = Queue::default();
        queue.push_back(1);
        queue.push_back(2);
        assert_eq!(queue.pop_front(), Some(1));
        queue.push_back(3);
        assert_eq!([queue.pop_front(), queue.pop_front(), queue.pop_front()], [Some(2), Some(3), None]);
    }
}
