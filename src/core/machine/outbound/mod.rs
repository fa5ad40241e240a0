//! What goes out: calls and their replays, rounds, resumed streams, GET streams, answers.

pub(crate) mod answers;
pub(crate) mod calls;
pub(crate) mod lanes;
pub(crate) mod listen;
pub(crate) mod modern;
pub(crate) mod redirects;
pub(crate) mod resume;
pub(crate) mod rounds;
pub(crate) mod subscriptions;
pub(crate) mod turns;
