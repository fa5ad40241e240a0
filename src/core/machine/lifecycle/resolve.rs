//! The URL and headers of a user's requests to a server, for the requests of the diagnosis.

use crate::core::api::{ConnectOptions, Error};
use crate::core::config::ServerConfig;
use crate::core::kit::text::concat;
use crate::core::machine::Manager;
use crate::core::machine::lifecycle::connect::resolve_headers;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::HeaderList;
use crate::core::protocol::json::Json;
use std::rc::Rc;

impl<J: Json> Manager<J> {
    /// The server, and the base headers of a user's requests to it: those of an existing session, token included, else
    /// the configured ones. Without a user, the server's headers must be the same for all users.
    ///
    /// # Errors
    /// `closed`; `config_error` for an unknown server and for placeholders without a value.
    pub fn resolve(&self, user: Option<&str>, server: &str) -> Result<(Rc<ServerConfig>, HeaderList), Error<J>> {
        let config = self.configured(server)?;
        let mut headers = HeaderList::new();
        if let Some(record) =
            self.store.find(user.unwrap_or_default(), server).and_then(|session| self.store.get(session))
        {
            record.credentials.add_to(&mut headers);
        } else if user.is_none() && config.headers.iter().any(|(_, template)| template.has_holes()) {
            let message = concat(&["userId: required, because the headers of ", server, " depend on the user"]);
            return Err(Error::new(ErrorCode::ConfigError, message).of(server));
        } else {
            headers = resolve_headers(&config, user.unwrap_or_default(), &ConnectOptions::<J>::default())?;
        }
        Ok((config, headers))
    }
}
