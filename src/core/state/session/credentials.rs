//! The credentials of a session's user: configured headers, and the token of an auth provider, which is asked once per
//! refusal.

use crate::core::kit::text::{concat, without, words};
use crate::core::kit::time::Instant;
use crate::core::protocol::headers::{self, HeaderList};
use std::rc::Rc;

/// Shorter header values are flags or numbers, which may occur in any text by chance.
const SECRET: usize = 8;

/// The credentials in a user's requests.
#[derive(Default)]
pub(crate) struct Credentials {
    /// Configured headers with the user's values filled in.
    headers: HeaderList,
    /// The auth provider's bearer token.
    token: Option<Rc<str>>,
    has_provider: bool,
    /// When the pending token request started.
    asked_at: Option<Instant>,
    /// Whether the last token request timed out.
    was_late: bool,
    /// Whether a 401 has already caused a token request since the last success.
    challenged: bool,
}

impl Credentials {
    /// Adds the options of a `connect`. Headers replace earlier ones.
    pub(crate) fn learn(&mut self, has_provider: bool, headers: Option<HeaderList>) {
        self.has_provider |= has_provider;
        if let Some(headers) = headers {
            self.headers = headers;
        }
    }

    pub(crate) const fn headers(&self) -> &HeaderList {
        &self.headers
    }

    pub(crate) const fn token(&self) -> Option<&Rc<str>> {
        self.token.as_ref()
    }

    pub(crate) const fn has_provider(&self) -> bool {
        self.has_provider
    }

    /// When the pending token request started, if there is one.
    pub(crate) const fn asked_at(&self) -> Option<Instant> {
        self.asked_at
    }

    pub(crate) const fn is_asking(&self) -> bool {
        self.asked_at.is_some()
    }

    /// Whether there is a provider but no token.
    pub(crate) const fn lacks_token(&self) -> bool {
        self.has_provider && self.token.is_none()
    }

    /// Whether a 401 leads to a token request.
    pub(crate) const fn may_challenge(&self) -> bool {
        self.has_provider && !self.challenged
    }

    /// Handles a 401. Returns whether to request a token, which happens once.
    pub(crate) const fn challenge(&mut self) -> bool {
        let may = self.may_challenge();
        self.challenged |= may;
        may
    }

    /// The server accepted the credentials, or a new round starts: the next 401 may request a token again.
    pub(crate) const fn allow_challenge(&mut self) {
        self.challenged = false;
    }

    pub(crate) fn drop_token(&mut self) {
        self.token = None;
    }

    /// Starts a token request.
    pub(crate) const fn ask(&mut self, now: Instant) {
        self.asked_at = Some(now);
        self.was_late = false;
    }

    /// Cancels the token request.
    pub(crate) const fn stop_asking(&mut self) {
        self.asked_at = None;
    }

    /// The token request timed out. It is not repeated at once.
    pub(crate) const fn note_late(&mut self) {
        self.was_late = true;
        self.challenged = true;
    }

    pub(crate) const fn was_late(&self) -> bool {
        self.was_late
    }

    /// Ends a token request. Returns when it started, or `None` without one. Tokens that no header can carry are
    /// ignored.
    pub(crate) fn answer(&mut self, token: Option<&str>) -> Option<Instant> {
        let since = self.asked_at.take()?;
        let usable = token.filter(|token| headers::validate(headers::AUTHORIZATION, token).is_ok());
        self.token = usable.map(|token| Rc::from(concat(&["Bearer ", token])));
        Some(since)
    }

    /// Adds the configured headers. The provider's token replaces their `Authorization`.
    pub(crate) fn add_to(&self, list: &mut HeaderList) {
        headers::add_all(list, &self.headers);
        if let Some(token) = &self.token {
            headers::take_out(list, headers::AUTHORIZATION);
            headers::add(list, headers::AUTHORIZATION, token);
        }
    }

    /// Removes credentials from a server's text, because servers echo them in errors.
    pub(crate) fn hide(&self, text: &str) -> String {
        let mut text = String::from(text);
        let mut secrets = Vec::new();
        for (_, value) in &self.headers {
            secrets.append(&mut words(value));
        }
        if let Some(token) = &self.token {
            secrets.append(&mut words(token));
        }
        for secret in secrets {
            if secret.len() >= SECRET {
                text = without(&text, secret);
            }
        }
        text
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    fn with_provider() -> Credentials {
        let mut credentials = Credentials::default();
        credentials
            .learn(true, Some(vec![("authorization".into(), "Basic configured".into()), ("x-a".into(), "b".into())]));
        credentials
    }

    #[test]
    fn a_provider_is_asked_once_for_each_success() {
        let mut credentials = with_provider();
        assert!(credentials.challenge());
        assert!(!credentials.challenge(), "the second 401 in a row is the caller's");
        credentials.allow_challenge();
        assert!(credentials.challenge());
        assert!(!Credentials::default().challenge(), "there is no provider");
    }

    #[test]
    fn an_answer_counts_only_while_it_is_waited_for() {
        let mut credentials = with_provider();
        assert_eq!(credentials.answer(Some("early")), None);
        assert!(credentials.lacks_token());
        credentials.ask(Instant::from_millis(7));
        credentials.note_late();
        credentials.ask(Instant::from_millis(8));
        assert!(credentials.is_asking() && !credentials.was_late());
        assert_eq!(credentials.answer(Some("t0ken")), Some(Instant::from_millis(8)));
        assert_eq!(credentials.answer(Some("twice")), None);
        assert_eq!(credentials.token().map(|token| &**token), Some("Bearer t0ken"));
    }

    #[test]
    fn a_token_takes_the_place_of_the_configured_header_and_one_with_a_line_break_is_none() {
        let mut credentials = with_provider();
        for (token, sent) in [("good", "Bearer good"), ("bad\r\nx: y", "Basic configured")] {
            credentials.ask(Instant::default());
            credentials.answer(Some(token));
            let mut list = HeaderList::new();
            credentials.add_to(&mut list);
            let values: Vec<_> =
                list.iter().filter(|(name, _)| &**name == "authorization").map(|(_, value)| &**value).collect();
            assert_eq!(values, [sent]);
        }
    }

    #[test]
    fn secrets_are_hidden_and_short_values_are_words() {
        let mut credentials = with_provider();
        credentials.ask(Instant::default());
        credentials.answer(Some("0123456789"));
        assert_eq!(credentials.hide("b: Basic configured and 0123456789 failed"), "b: Basic … and … failed");
    }
}
