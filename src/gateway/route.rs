//! The paths of the gateway and their methods.

/// The target of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// `/{server}/mcp`: the MCP endpoint of a server, also with a slash at the end.
    Mcp(&'a str),
    /// `/.well-known/oauth-protected-resource/{server}/mcp`: the authorization servers of the endpoint (RFC 9728 §3.1).
    Metadata(&'a str),
    /// `/healthz`: a health check of the gateway.
    Health,
    /// `/sessions`: the user's sessions.
    Sessions,
    /// `/sessions/{handle}`: one of them.
    Session(&'a str),
    /// `/metrics`: counters and histograms, for the administrator.
    Metrics,
    /// `/readyz`: whether the gateway can serve requests.
    Ready,
    /// `/admin/sessions`: the sessions of all users, for the administrator.
    AdminSessions,
    /// `/admin/sessions/{handle}`: one of them, explained.
    AdminSession(&'a str),
    /// `/admin/sessions/{handle}/trace`: what happened to it, as a trace.
    AdminTrace(&'a str),
    /// `/admin/servers`: the addresses of all servers, and which are drained.
    AdminServers,
    /// `/admin/servers/{server}/drain`: whether a server, or one of its addresses, takes new sessions.
    AdminDrain(&'a str),
}

impl<'a> Route<'a> {
    /// Parses a path. The server may not be configured.
    pub fn of(path: &'a str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        match path {
            "healthz" => return Some(Self::Health),
            "metrics" => return Some(Self::Metrics),
            "sessions" => return Some(Self::Sessions),
            "readyz" => return Some(Self::Ready),
            "admin/sessions" => return Some(Self::AdminSessions),
            "admin/servers" => return Some(Self::AdminServers),
            _ => {}
        }
        if let Some(rest) = path.strip_prefix("admin/sessions/") {
            let trace = rest.strip_suffix("/trace").filter(|handle| is_handle(handle)).map(Self::AdminTrace);
            return trace.or_else(|| Some(rest).filter(|handle| is_handle(handle)).map(Self::AdminSession));
        }
        if let Some(rest) = path.strip_prefix("admin/servers/") {
            return rest.strip_suffix("/drain").filter(|name| is_name(name)).map(Self::AdminDrain);
        }
        // Frameworks and users write the endpoint with a slash at its end, too.
        let path = path.strip_suffix('/').filter(|bare| bare.ends_with("/mcp")).unwrap_or(path);
        if let Some(resource) = path.strip_prefix(".well-known/oauth-protected-resource/") {
            return resource.strip_suffix("/mcp").filter(|name| is_name(name)).map(Self::Metadata);
        }
        if let Some(handle) = path.strip_prefix("sessions/").filter(|handle| is_handle(handle)) {
            return Some(Self::Session(handle));
        }
        path.strip_suffix("/mcp").filter(|name| is_name(name)).map(Self::Mcp)
    }

    /// The name of the server, if any.
    pub const fn server(self) -> Option<&'a str> {
        match self {
            Self::Mcp(server) | Self::Metadata(server) | Self::AdminDrain(server) => Some(server),
            _ => None,
        }
    }

    /// The handle of the session, if any.
    pub const fn handle(self) -> Option<&'a str> {
        match self {
            Self::Session(handle) | Self::AdminSession(handle) | Self::AdminTrace(handle) => Some(handle),
            _ => None,
        }
    }

    /// The name in the Worker's JavaScript.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mcp(_) => "mcp",
            Self::Metadata(_) => "metadata",
            Self::Health => "health",
            Self::Sessions => "sessions",
            Self::Session(_) => "session",
            Self::Metrics => "metrics",
            Self::Ready => "ready",
            Self::AdminSessions => "adminSessions",
            Self::AdminSession(_) => "adminSession",
            Self::AdminTrace(_) => "adminTrace",
            Self::AdminServers => "adminServers",
            Self::AdminDrain(_) => "adminDrain",
        }
    }

    /// The value of `Allow`. What GET reads has HEAD, too (RFC 9110 §9.1), but for the MCP endpoint, where a GET opens a stream.
    pub const fn allow(self) -> &'static str {
        match self {
            Self::Mcp(_) => "GET, POST, DELETE, OPTIONS",
            Self::Session(_) => "DELETE, OPTIONS",
            Self::AdminSession(_) => "GET, HEAD, DELETE, OPTIONS",
            Self::AdminDrain(_) => "PUT, DELETE, OPTIONS",
            _ => "GET, HEAD, OPTIONS",
        }
    }

    /// Whether the path allows this method.
    pub fn allows(self, method: &str) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method)
    }
}

/// Whether a server of this name can have a path: the name is not encoded, so it may only contain unreserved characters
/// of a URL (RFC 3986 §2.3).
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !name.is_empty() && name != "." && name != ".." && name.bytes().all(plain)
}

/// Whether this is a session's public handle: the SHA-256 of its id, in hexadecimal.
fn is_handle(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let handle = "0123456789abcdef".repeat(4);
        let session = format!("/sessions/{handle}");
        let explained = format!("/admin/sessions/{handle}");
        let trace = format!("{explained}/trace");
        for (path, route) in [
            ("/notes/mcp", Some(Route::Mcp("notes"))),
            ("/My.Server_1~2-3/mcp", Some(Route::Mcp("My.Server_1~2-3"))),
            ("/sessions/mcp", Some(Route::Mcp("sessions"))),
            ("/.well-known/oauth-protected-resource/notes/mcp", Some(Route::Metadata("notes"))),
            ("/healthz", Some(Route::Health)),
            ("/metrics", Some(Route::Metrics)),
            ("/sessions", Some(Route::Sessions)),
            (session.as_str(), Some(Route::Session(&handle))),
            ("/sessions/0123", None),
            ("/readyz", Some(Route::Ready)),
            ("/admin/sessions", Some(Route::AdminSessions)),
            (explained.as_str(), Some(Route::AdminSession(&handle))),
            (trace.as_str(), Some(Route::AdminTrace(&handle))),
            ("/admin/sessions/", None),
            ("/admin/sessions/0123", None),
            ("/admin/sessions/0123/trace", None),
            ("/admin/sessions/trace", None),
            ("/admin/servers", Some(Route::AdminServers)),
            ("/admin/servers/notes/drain", Some(Route::AdminDrain("notes"))),
            ("/admin/servers/notes", None),
            ("/admin/servers//drain", None),
            ("/admin/servers/no/tes/drain", None),
            ("/admin/servers/mcp", None),
            ("/admin", None),
            ("/admin/mcp", Some(Route::Mcp("admin"))),
            ("", None),
            ("/", None),
            ("/mcp", None),
            ("//mcp", None),
            ("/../mcp", None),
            ("/notes", None),
            ("/notes/mcp/", Some(Route::Mcp("notes"))),
            ("/.well-known/oauth-protected-resource/notes/mcp/", Some(Route::Metadata("notes"))),
            ("/notes/mcp//", None),
            ("/notes//mcp/", None),
            ("/mcp/", None),
            ("/notes/mcp/mcp", None),
            ("/no%74es/mcp", None),
            ("notes/mcp", None),
            ("/healthz/", None),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }

    #[test]
    fn methods() {
        for (path, allowed) in [
            ("/notes/mcp", "GET POST DELETE OPTIONS"),
            ("/healthz", "GET HEAD OPTIONS"),
            ("/admin/servers", "GET HEAD OPTIONS"),
            ("/admin/servers/notes/drain", "PUT DELETE OPTIONS"),
            ("/.well-known/oauth-protected-resource/notes/mcp", "GET HEAD OPTIONS"),
        ] {
            let route = Route::of(path).unwrap();
            for method in ["GET", "POST", "DELETE", "OPTIONS", "PUT", "PATCH", "HEAD", "get", ""] {
                assert_eq!(route.allows(method), allowed.split(' ').any(|one| one == method), "{method} {path}");
            }
        }
    }
}
