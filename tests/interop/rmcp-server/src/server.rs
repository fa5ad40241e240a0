//! The tools, the resource and the prompt that every server of the interop matrix has.

use std::sync::Arc;
use std::time::Duration;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    GetPromptRequestParams, GetPromptResponse, GetPromptResult, Implementation, InitializeRequestParams,
    InitializeResult, ListPromptsResult, ListResourcesResult, LoggingLevel, LoggingMessageNotificationParam,
    PaginatedRequestParams, ProgressNotificationParam, Prompt, PromptMessage, RequestMetaObject, Resource, Role,
    ServerCapabilities, ServerConfig, SetLevelRequestParams, SubscriptionFilter,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{ErrorData, Peer, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast;

use crate::journal::Journal;

pub struct TestServer {
    journal: Arc<Journal>,
    tools_changed: broadcast::Sender<()>,
}

#[derive(Deserialize, JsonSchema)]
struct Text {
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Steps {
    steps: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Key {
    key: String,
}

#[derive(Deserialize, JsonSchema)]
struct Slow {
    key: String,
    ms: u64,
}

#[tool_router]
impl TestServer {
    pub fn new(journal: Arc<Journal>, tools_changed: broadcast::Sender<()>) -> Self {
        Self { journal, tools_changed }
    }

    #[tool(description = "Answers with the text it was given.", annotations(read_only_hint = true))]
    async fn echo(&self, Parameters(Text { text }): Parameters<Text>) -> String {
        text
    }

    #[tool(description = "Reports its progress, step by step.")]
    async fn progress(
        &self,
        Parameters(Steps { steps }): Parameters<Steps>,
        meta: RequestMetaObject,
        peer: Peer<RoleServer>,
    ) -> String {
        for step in 1..=steps {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let Some(token) = meta.get_progress_token() else { continue };
            let progress = ProgressNotificationParam::new(token, f64::from(step)).with_total(f64::from(steps));
            let _ = peer.notify_progress(progress).await;
        }
        format!("{steps} steps")
    }

    #[tool(description = "Runs for a while, and stops when it is cancelled. Not safe to run twice.")]
    async fn slow(
        &self,
        Parameters(Slow { key, ms }): Parameters<Slow>,
        context: RequestContext<RoleServer>,
    ) -> String {
        self.journal.tool("call", "slow", &key);
        let did = tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(ms)) => "done",
            () = context.ct.cancelled() => "cancelled",
        };
        self.journal.tool(did, "slow", &key);
        did.to_owned()
    }

    #[tool(description = "Counts. Not safe to run twice: the journal has every run.")]
    async fn count(&self, Parameters(Key { key }): Parameters<Key>) -> String {
        self.journal.tool("call", "count", &key);
        self.journal.tool("done", "count", &key);
        key
    }

    #[tool(description = "Sends a log message and a notification that the tools changed.")]
    async fn notify(&self, peer: Peer<RoleServer>) -> String {
        let message = LoggingMessageNotificationParam::new(LoggingLevel::Error, json!("a log message"));
        let _ = peer.notify_logging_message(message).await;
        let _ = self.tools_changed.send(());
        "sent".to_owned()
    }
}

#[tool_handler]
impl ServerHandler for TestServer {
    fn get_info(&self) -> ServerConfig {
        let mut capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_resources()
            .enable_prompts()
            .build();
        capabilities.logging = Some(Default::default());
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("interop-rmcp-server", env!("CARGO_PKG_VERSION")))
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        self.journal.handshake();
        context.peer.set_peer_info(request.clone());
        self.negotiate_initialize(&request)
    }

    async fn set_level(
        &self,
        _request: SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.supported_by(&self.get_info().capabilities))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut tools_changed = self.tools_changed.subscribe();
        loop {
            tokio::select! {
                Ok(()) = tools_changed.recv() => drop(context.sink().notify_tool_list_changed().await),
                () = context.cancelled() => return Ok(()),
            }
        }
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(vec![Resource::new("test://text", "text")]))
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(vec![Prompt::new("greeting", Some("Greets the world."), None)]))
    }

    async fn get_prompt(
        &self,
        _request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, "Say hello to the world.")]).into())
    }
}
