//! A client built with rmcp: `interop-rmcp-client URL TOKEN`. It exchanges lines of JSON, as
//! tests/gateway/python-client.py does, and ends when its standard input closes.

use std::error::Error;

use rmcp::ServiceExt;
use rmcp::model::{CallToolRequestParams, JsonObject};
use rmcp::service::{Peer, RoleClient};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let url = words.next().ok_or("the first argument is the URL")?;
    let token = words.next().ok_or("the second argument is the token")?;
    let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(token);
    let client = ().serve(StreamableHttpClientTransport::from_config(config)).await?;
    println!("{}", json!({ "id": 0, "result": {} }));
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let peer = client.peer().clone();
        let request: Value = serde_json::from_str(&line)?;
        tokio::spawn(async move {
            let id = request.get("id").cloned();
            let answer = match perform(&peer, &request).await {
                Ok(result) => json!({ "id": id, "result": result }),
                Err(error) => json!({ "id": id, "error": error.to_string() }),
            };
            println!("{answer}");
        });
    }
    client.cancel().await?;
    Ok(())
}

async fn perform(peer: &Peer<RoleClient>, request: &Value) -> Result<Value, Box<dyn Error + Send + Sync>> {
    let Some(tool) = request.get("call").and_then(Value::as_str) else {
        return Ok(json!({ "tools": peer.list_all_tools().await? }));
    };
    let arguments: JsonObject = serde_json::from_value(request.get("arguments").cloned().unwrap_or_default())?;
    let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
    Ok(serde_json::to_value(peer.call_tool(params).await?)?)
}
