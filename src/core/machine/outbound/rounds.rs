//! Requests in several rounds (2026-07-28 basic/patterns/mrtr): a server that needs input ends the request with
//! questions; the client sends the request again with the answers, under a new id.

use crate::core::api::{CallId, Error, Output, Ticket};
use crate::core::kit::text::concat;
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::jsonrpc::RpcError;
use crate::core::state::asked::Asked;
use crate::core::state::call::{Purpose, Stage};

/// Limit of rounds per call.
const MAX_ROUNDS: u32 = 10;

/// Limit of questions per round.
const MAX_QUESTIONS: usize = 64;

/// Delay before the next round if the server asked no question.
const PAUSE: Millis = 250;

impl<J: Json> Manager<J> {
    /// The server answered with questions.
    pub(crate) fn begin_round(&mut self, call: CallId, result: &J) {
        let questions = match self.questions(call, result) {
            Ok(questions) => questions,
            Err(sentence) => return self.settle_unreadable(call, Error::new(ErrorCode::ProtocolError, sentence)),
        };
        self.finish_leg(call);
        let Some(record) = self.calls.get_mut(call) else { return };
        let (session, generation) = (record.session, record.generation);
        record.rounds.count += 1;
        record.rounds.state = result.get("requestState");
        record.rounds.answers = None;
        record.rounds.open = questions.len();
        if questions.is_empty() {
            return self.back_off(call, PAUSE, false);
        }
        record.rounds.answers = Some(J::object());
        record.stage = Stage::Asking;
        self.metrics.server_requests += questions.len() as u64;
        for (key, method, question) in questions {
            let ticket = Ticket(self.numbers.next());
            let message = J::object().with("method", J::string(&method));
            let message = match question.get("params") {
                Some(params) => message.with("params", params),
                None => message,
            };
            let asked = Asked { session, generation, id: J::string(&key), round_of: Some((call, method.clone())) };
            self.tickets.insert(ticket, asked);
            self.out.push_back(Output::ServerRequest { ticket, session, call: Some(call), method, message });
        }
    }

    /// The questions of a round: key, method and full object.
    fn questions(&self, call: CallId, result: &J) -> Result<Vec<(String, String, J)>, &'static str> {
        let Some(record) = self.calls.get(call) else { return Ok(Vec::new()) };
        let may_ask = matches!(record.method.as_str(), "tools/call" | "prompts/get" | "resources/read");
        if !may_ask || record.purpose != Purpose::User {
            return Err("the server asked for input in its answer to another method");
        }
        if record.rounds.count >= MAX_ROUNDS {
            return Err("the server asked for input in too many rounds");
        }
        let requests = result.get("inputRequests");
        let mut questions = Vec::new();
        for key in requests.as_ref().and_then(Json::keys).unwrap_or_default() {
            let question = requests.as_ref().and_then(|requests| requests.get(&key));
            let Some((method, question)) = question.and_then(|question| Some((question.get_str("method")?, question)))
            else {
                return Err("the server sent an input request without a method");
            };
            questions.push((key, method, question));
        }
        if questions.is_empty() && result.get("requestState").is_none() {
            return Err("the server asked for no input");
        }
        if questions.len() > MAX_QUESTIONS {
            return Err("the server sent too many input requests at once");
        }
        Ok(questions)
    }

    /// Ends one round of the call: later messages of it are ignored, and the timeout restarts.
    fn finish_leg(&mut self, call: CallId) {
        let Some(record) = self.calls.get(call) else { return };
        let (request, exchange) = (record.request_id, record.exchange());
        self.by_request.remove(request);
        if let Some(exchange) = exchange {
            self.read_trailing(exchange);
        }
        self.renew_deadline(call);
    }

    /// One question was answered or failed. A failure cannot be reported to the server (2026-07-28
    /// basic/patterns/mrtr): a form can be cancelled; any other failure ends the call.
    pub(crate) fn on_round_answer(&mut self, call: CallId, key: &J, method: &str, outcome: Result<J, RpcError<J>>) {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(_) if method == "elicitation/create" => J::object().with("action", J::string("cancel")),
            Err(error) => {
                let sentence = concat(&[
                    "the server asked for ",
                    method,
                    " to continue, and the handler failed: ",
                    &error.message,
                ]);
                let mut failed = Error::new(ErrorCode::RpcError, sentence);
                failed.rpc_code = Some(f64::from(error.code));
                failed.data = error.data;
                return self.settle(call, Err(failed));
            }
        };
        let (Some(record), Some(key)) = (self.calls.get_mut(call), key.as_str()) else { return };
        if let Some(answers) = record.rounds.answers.as_mut() {
            answers.set(&key, answer);
        }
        record.rounds.open = record.rounds.open.saturating_sub(1);
        if record.rounds.open == 0 && matches!(record.stage, Stage::Asking) {
            self.renew_deadline(call);
            self.requeue(call);
        }
    }

    /// Cancels the open questions of a call.
    pub(crate) fn stop_asking(&mut self, call: CallId) {
        self.cancel_server_requests(&|asked| asked.round_of.as_ref().is_some_and(|(of, _)| *of == call));
    }
}
