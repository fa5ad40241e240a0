//! A real MCP server, built with rmcp: `interop-rmcp-server PORT stateful|stateless`. It writes its actions into the
//file named by JOURNAL, ! which outlives the process, and ends when its standard input closes.
#![allow(deprecated, reason = "log messages are deprecated since 2026-07-28, and the revisions before it have them")]

mod journal;
mod server;

use std::sync::Arc;

use journal::Journal;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use server::TestServer;
use tokio::io::{AsyncReadExt, stdin};
use tokio::sync::broadcast;

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "a program has an environment")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let port: u16 = words.next().ok_or("the first argument is the port")?.parse()?;
    let stateful = words.next().as_deref() != Some("stateless");
    let journal = Arc::new(Journal::open(&std::env::var("JOURNAL")?)?);
    // Subscribers to changes of the tools, in the revision that has no sessions.
    let (tools_changed, _) = broadcast::channel(16);

    let service = StreamableHttpService::new(
        move || Ok(TestServer::new(journal.clone(), tools_changed.clone())),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default().with_legacy_session_mode(stateful),
    );
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    tokio::select! {
        ended = axum::serve(listener, axum::Router::new().nest_service("/mcp", service)).into_future() => ended?,
        () = parent_is_gone() => {}
    }
    Ok(())
}

async fn parent_is_gone() {
    let mut buffer = [0_u8; 64];
    while matches!(stdin().read(&mut buffer).await, Ok(length) if length > 0) {}
}
