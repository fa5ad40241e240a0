//! Outbound data: calls and replays, rounds, resumed streams, GET streams, answers.

mod answers;
mod calls;
mod exchange;
mod lanes;
mod listen;
mod modern;
mod pause;
mod redirects;
mod request_headers;
mod resume;
mod retry;
mod rounds;
mod subscriptions;
mod tools;
mod turns;
