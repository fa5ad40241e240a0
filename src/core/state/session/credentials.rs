//! The credentials of a session's user: configured headers, and the token of an auth provider, which is asked when the server
//! refuses it, and before it expires.

use crate::core::api::Token;
use crate::core::kit::text::{mentions, without, words};
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::headers::{self, HeaderList};
use std::rc::Rc;

/// Shorter header values are flags or numbers, which may occur in any text by chance.
const SECRET: usize = 8;

/// The credentials in a user's requests.
#[derive(Default)]
pub(crate) struct Credentials {
    /// Configured headers with the user's values filled in.
    headers: HeaderList,
    /// The token of the auth provider, with its scheme.
    token: Option<Rc<str>>,
    has_provider: bool,
    /// When the pending token request started.
    asked_at: Option<Instant>,
    /// Whether the last token request timed out.
    was_late: bool,
    /// Whether it was already asked because of a refusal since the last success.
    challenged: bool,
    /// What is known of the provider, once it was asked.
    login: Option<Box<Login>>,
}

/// The state of a provider, apart from its token.
#[derive(Default)]
struct Login {
    /// The refusal that the question under way follows.
    status: Option<u16>,
    /// Questions after refusals since a request was accepted.
    attempt: u32,
    /// Those of them that did not help.
    failures: u32,
    /// The latest question was counted among them.
    is_counted: bool,
    /// No question after a refusal before this.
    quiet_until: Option<Instant>,
    /// Whose token it is, where the provider says so.
    subject: Option<String>,
    /// Since when the provider is being asked for the next token, while requests go with the present one.
    renewing: Option<Instant>,
    /// When it is asked for the next token.
    renew_at: Option<Instant>,
}

/// What an answer of the provider has changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// Since when it was being asked.
    pub(crate) since: Instant,
    /// Whether requests waited for it.
    pub(crate) was_awaited: bool,
    /// The refusal that it was asked because of.
    pub(crate) refused: Option<u16>,
    /// Whether there is a token.
    pub(crate) is_usable: bool,
    /// Whether it is another one than before.
    pub(crate) is_other: bool,
    /// The token of before, if this one is of another user.
    pub(crate) stranger_to: Option<Rc<str>>,
    /// How long the token is good for.
    pub(crate) expires_in: Option<Millis>,
}

/// What a refusal says that the credentials lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    /// Nothing.
    Nothing,
    /// Another token.
    Token,
    /// A token with more scopes (2026-07-28 basic/authorization, "Scope Challenge Handling").
    Scope,
    /// The same token, with the nonce that came with the refusal (RFC 9449 §9).
    Nonce,
}

impl Wants {
    /// Gateways say `invalid_token` with 403 and 400 as well (RFC 6750 §3.1 has 401).
    pub(crate) fn of(status: u16, challenge: Option<&str>) -> Self {
        let says = |error| challenge.is_some_and(|challenge| mentions(challenge, error));
        match status {
            401 if says("use_dpop_nonce") => Self::Nonce,
            401 => Self::Token,
            403 if says("insufficient_scope") => Self::Scope,
            400 | 403 if says("error=\"invalid_token\"") || says("error=invalid_token") => Self::Token,
            _ => Self::Nothing,
        }
    }
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

    /// Whether a refusal is a reason to ask the provider.
    pub(crate) const fn may_challenge(&self) -> bool {
        self.has_provider && !self.challenged
    }

    /// A refusal: whether the provider is to be asked because of it, which is so once.
    pub(crate) const fn challenge(&mut self) -> bool {
        let may = self.may_challenge();
        self.challenged |= may;
        may
    }

    /// The server accepted the credentials, or a new round starts: the next 401 may request a token again.
    pub(crate) const fn allow_challenge(&mut self) {
        self.challenged = false;
    }

    /// The server has taken the credentials. Returns whether it had refused them before.
    pub(crate) fn note_accepted(&mut self) -> bool {
        let was_challenged = std::mem::take(&mut self.challenged);
        if let (true, Some(login)) = (was_challenged, self.login.as_deref_mut()) {
            (login.attempt, login.failures, login.quiet_until) = (0, 0, None);
        }
        was_challenged
    }

    /// The latest question did not help: there was no token, or it was refused at once. Returns how many have not helped in
    /// a row, unless this one was counted before.
    pub(crate) fn note_useless(&mut self) -> Option<u32> {
        let login = self.login.as_deref_mut()?;
        if std::mem::replace(&mut login.is_counted, true) {
            return None;
        }
        login.failures += 1;
        Some(login.failures)
    }

    /// The provider is left alone until then.
    pub(crate) fn rest_until(&mut self, until: Instant) {
        if let Some(login) = self.login.as_deref_mut() {
            login.quiet_until = Some(until);
        }
    }

    /// Whether the provider is left alone for now.
    pub(crate) fn rests(&self, now: Instant) -> bool {
        self.login.as_ref().is_some_and(|login| login.quiet_until.is_some_and(|until| until > now))
    }

    pub(crate) fn drop_token(&mut self) {
        self.token = None;
    }

    /// The provider is asked now, because of a refusal with this status, or before there was one. Returns how many questions
    /// after refusals that makes since a request was accepted.
    pub(crate) fn ask(&mut self, now: Instant, status: Option<u16>) -> u32 {
        self.asked_at = Some(now);
        self.was_late = false;
        self.challenged |= status.is_some();
        let login = self.login.get_or_insert_default();
        login.renewing = None;
        login.status = status;
        login.is_counted = false;
        login.attempt += u32::from(status.is_some());
        login.attempt
    }

    /// When the next token is asked for.
    pub(crate) fn renew_at(&self) -> Option<Instant> {
        self.login.as_ref()?.renew_at
    }

    /// Sets when the next token is asked for. Returns when it would have been.
    pub(crate) fn plan_renewal(&mut self, at: Option<Instant>) -> Option<Instant> {
        let login = self.login.as_deref_mut()?;
        std::mem::replace(&mut login.renew_at, at)
    }

    /// The provider is asked for the next token while requests go on, unless it is being asked already.
    pub(crate) fn renew(&mut self, now: Instant) -> bool {
        let is_busy = self.is_busy();
        let Some(login) = self.login.as_deref_mut().filter(|_| !is_busy) else { return false };
        login.renewing = Some(now);
        true
    }

    /// Whether the provider is being asked, whether or not requests wait for it.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy_since().is_some()
    }

    /// Since when it is.
    pub(crate) fn busy_since(&self) -> Option<Instant> {
        self.asked_at.or_else(|| self.login.as_ref()?.renewing)
    }

    /// The present token was refused while the next one is asked for: requests wait for that.
    pub(crate) fn await_renewal(&mut self) {
        if let Some(since) = self.login.as_deref_mut().and_then(|login| login.renewing.take()) {
            self.asked_at = Some(since);
        }
    }

    /// Nothing waits for the provider any more.
    pub(crate) fn stop_asking(&mut self) {
        self.asked_at = None;
        self.login = None;
    }

    /// The provider has had its time.
    pub(crate) const fn note_late(&mut self) {
        if self.asked_at.is_some() {
            self.was_late = true;
            self.challenged = true;
        }
    }

    pub(crate) const fn was_late(&self) -> bool {
        self.was_late
    }

    /// The provider has answered, unless it was not asked. A token that no header can carry is none. Without one, the present
    /// one stays where it is good for other requests: where none waits, and where only its scopes were refused.
    pub(crate) fn answer(&mut self, token: Option<Token>) -> Option<Answered> {
        let since = self.busy_since()?;
        let was_awaited = self.asked_at.take().is_some();
        let login = self.login.get_or_insert_default();
        login.renewing = None;
        let refused = login.status.take();
        let usable = token.filter(|token| headers::validate(headers::AUTHORIZATION, &token.header).is_ok());
        let is_usable = usable.is_some();
        let (mut is_other, mut stranger_to, mut expires_in) = (false, None, None);
        if is_usable || (was_awaited && refused != Some(403)) {
            let before = self.token.take();
            if let Some(Token { header, expires_in: left, subject }) = usable {
                self.token = Some(header.into());
                expires_in = left;
                let is_stranger = matches!((&login.subject, &subject), (Some(old), Some(new)) if old != new);
                login.subject = subject.or_else(|| login.subject.take());
                stranger_to = before.clone().filter(|_| is_stranger);
            }
            is_other = before != self.token;
        }
        Some(Answered { since, was_awaited, refused, is_usable, is_other, stranger_to, expires_in })
    }

    /// Puts a token back, for the last requests with it.
    pub(crate) fn put_back(&mut self, token: Rc<str>) {
        self.token = Some(token);
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
        assert_eq!(credentials.answer(Some("early".into())), None);
        assert!(credentials.lacks_token());
        credentials.ask(Instant::from_millis(7), None);
        credentials.note_late();
        credentials.ask(Instant::from_millis(8), None);
        assert!(credentials.is_asking() && !credentials.was_late());
        let answered = credentials.answer(Some("t0ken".into())).expect("it was asked");
        assert_eq!((answered.since, answered.was_awaited), (Instant::from_millis(8), true));
        assert_eq!(credentials.answer(Some("twice".into())), None);
        assert_eq!(credentials.token().map(|token| &**token), Some("Bearer t0ken"));
    }

    #[test]
    fn a_token_takes_the_place_of_the_configured_header_and_one_with_a_line_break_is_none() {
        let mut credentials = with_provider();
        for (token, sent) in [("good", "Bearer good"), ("bad\r\nx: y", "Basic configured")] {
            credentials.ask(Instant::default(), None);
            credentials.answer(Some(token.into()));
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
        credentials.ask(Instant::default(), None);
        credentials.answer(Some("0123456789".into()));
        assert_eq!(credentials.hide("b: Basic configured and 0123456789 failed"), "b: Basic … and … failed");
    }
}
