//! A Worker that calls a tool: one Durable Object a user holds the MCP session, which so outlives the requests of the Worker and the restarts of the
//! MCP server.

use mcp_tether::client::{Client, Config};
use serde_json::json;
use std::cell::RefCell;
use worker::{Context, DurableObject, Env, Request, Response, Result, State, console_error, durable_object, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    // An application takes the user from its own login.
    let user = request.headers().get("X-User")?.unwrap_or_else(|| "ada".into());
    let session = env.durable_object("SESSIONS")?.id_from_name(&user)?.get_stub()?;
    session.fetch_with_request(request).await
}

/// The session of one user.
#[durable_object]
pub struct Session {
    env: Env,
    client: RefCell<Option<Client>>,
}

impl DurableObject for Session {
    fn new(_state: State, env: Env) -> Self {
        Self { env, client: RefCell::new(None) }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let url = request.url()?;
        let text = url.query_pairs().find(|(name, _)| name == "text").map(|(_, text)| text.into_owned());
        match self.echo(&text.unwrap_or_default()).await {
            Ok(answer) => Response::from_json(&answer),
            Err(error) => {
                console_error!("{error}");
                // A stable code for programs, and a sentence for people.
                let body =
                    json!({ "code": error.code.as_str(), "message": error.message, "retryable": error.retryable });
                Ok(Response::from_json(&body)?.with_status(502))
            }
        }
    }
}

impl Session {
    async fn echo(&self, text: &str) -> std::result::Result<serde_json::Value, mcp_tether::client::Error> {
        let client = self.client().await?;
        let result = client.call_tool("echo", json!({ "text": text })).await?;
        let generation = client.session().map(|session| session.generation);
        Ok(json!({ "result": result, "generation": generation }))
    }

    /// The client, connected on first use.
    async fn client(&self) -> std::result::Result<Client, mcp_tether::client::Error> {
        let connected = self.client.borrow().clone();
        if let Some(client) = connected {
            return Ok(client);
        }
        let url = self.env.var("MCP_URL").map(|url| url.to_string()).unwrap_or_default();
        let client = Client::connect(Config::new(url)).await?;
        self.client.replace(Some(client.clone()));
        Ok(client)
    }
}
