//! Where requests go, and what is spoken there.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::errors::LoadError;

/// Which engine speaks the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineChoice {
    /// The one that measures best for the case.
    Auto,
    /// hyper: HTTP/1.1 and HTTP/2.
    Hyper,
    /// Pre-serialised requests and httparse: HTTP/1.1 at the lowest cost per request.
    H1Fast,
}

impl EngineChoice {
    /// The name as it stands on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Hyper => "hyper",
            Self::H1Fast => "h1-fast",
        }
    }
}

/// Which protocol is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2: by ALPN over TLS, with prior knowledge (h2c) without.
    Http2,
}

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// How the server is reached.
    pub address: Address,
    /// The authority that requests name (`host` or `host:port`).
    pub authority: String,
    /// TLS, or none for clear text.
    pub tls: Option<TlsOptions>,
}

/// How the server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// TCP. The name is resolved once, before the clock starts.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// A Unix stream socket.
    Unix(PathBuf),
}

impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp { host, port } => write!(formatter, "{host}:{port}"),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

/// How TLS is spoken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// PEM files with the authorities to trust instead of the system's.
    pub ca_files: Vec<PathBuf>,
    /// Accept any certificate.
    pub insecure: bool,
    /// The name to ask for and to check, where it is not the endpoint's host.
    pub server_name: Option<String>,
}

impl Endpoint {
    /// Clear-text TCP to a known address.
    pub fn tcp(address: SocketAddr) -> Self {
        Self {
            address: Address::Tcp {
                host: address.ip().to_string(),
                port: address.port(),
            },
            authority: address.to_string(),
            tls: None,
        }
    }

    /// Clear text over a Unix socket; requests name `localhost`.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self {
            address: Address::Unix(path.into()),
            authority: "localhost".into(),
            tls: None,
        }
    }

    /// The endpoint and the request target (path and query) of a URL.
    ///
    /// # Errors
    /// [`LoadError::InvalidUrl`] for what is not `http://` or `https://` with a host.
    pub fn from_url(url: &str) -> Result<(Self, String), LoadError> {
        let refuse = |reason: &str| LoadError::InvalidUrl {
            url: url.into(),
            reason: reason.into(),
        };
        let uri: http::Uri = url.parse().map_err(|error| refuse(&format!("{error}")))?;
        let tls = match uri.scheme_str() {
            Some("http") => None,
            Some("https") => Some(TlsOptions::default()),
            Some(other) => {
                return Err(refuse(&format!(
                    "scheme {other:?}; use http:// or https://"
                )));
            }
            None => return Err(refuse("no scheme; start it with http:// or https://")),
        };
        let default_port = if tls.is_some() { 443 } else { 80 };
        let authority = uri.authority().ok_or_else(|| refuse("no host"))?;
        if authority.as_str().contains('@') {
            return Err(refuse(
                "user and password; send an authorization header instead",
            ));
        }
        if authority.host().is_empty() {
            return Err(refuse("no host"));
        }
        // `Authority::port` passes over what does not fit a port, so the text is read here.
        let port = match authority.as_str()[authority.host().len()..].strip_prefix(':') {
            None => default_port,
            Some(digits) => match digits.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err(refuse("port is not between 1 and 65535")),
            },
        };
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let endpoint = Self {
            address: Address::Tcp { host, port },
            authority: authority.to_string(),
            tls,
        };
        Ok((endpoint, target.to_owned()))
    }
}
