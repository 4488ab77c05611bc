//! Asks a target about itself through its admin listener.

use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use gotrace::metrics::Snapshot;
use serde::Deserialize;
use toolchain::resolver::LiteralFirst;
use ureq::tls::TlsConfig;
use ureq::typestate::WithoutBody;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, RequestBuilder};

/// The largest answer that is read: metrics are some 60 KiB.
const MOST_BYTES: u64 = 16 << 20;

/// A client for one target's listeners.
#[derive(Debug, Clone)]
pub struct Probe {
    agent: Agent,
    token: Option<Token>,
}

/// What the admin listener asks for, so that no other user of the machine can
/// take memory profiles. A service that does not know it need not.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// The variable in which a target gets it.
    pub const VARIABLE: &str = "GOSWEEP_ADMIN_TOKEN";

    /// A fresh one that nobody can guess.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn fresh() -> std::io::Result<Token> {
        let mut bytes = [0; 32];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Token(
            bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        ))
    }

    /// The variable's value.
    pub fn value(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What a target says of itself at `/info`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Info {
    /// runtime.Version().
    pub go_version: String,
    /// runtime.GOMAXPROCS(0).
    pub gomaxprocs: u64,
    /// The GODEBUG variable as the process sees it.
    #[serde(default)]
    pub godebug: String,
}

/// Why a target could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// No usable answer.
    #[error("{url} does not answer: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// An answer that is not what the contract says.
    #[error("{url} answers something else than the probe's contract: {reason}")]
    Contract {
        /// What was asked.
        url: String,
        /// What was wrong.
        reason: String,
    },
}

impl Probe {
    /// A client that waits at most `patience` for any answer and shows `token`
    /// to the admin listener.
    pub fn new(patience: Duration, insecure: bool, token: Option<Token>) -> Probe {
        Probe {
            agent: client(patience, insecure),
            token,
        }
    }

    /// What it shows to the admin listener.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// The status that a URL of the service answers with.
    ///
    /// # Errors
    /// [`ProbeError::Unreachable`].
    pub fn status(&self, url: &str) -> Result<u16, ProbeError> {
        self.status_with(url, None)
    }

    /// The status that a path of an admin listener at `host:port` answers with.
    ///
    /// # Errors
    /// [`ProbeError::Unreachable`].
    pub fn admin_status(&self, admin: &str, path: &str) -> Result<u16, ProbeError> {
        self.status_with(&format!("http://{admin}{path}"), self.token())
    }

    fn status_with(&self, url: &str, token: Option<&Token>) -> Result<u16, ProbeError> {
        let answer = get(&self.agent, url, token).call();
        let answer = answer.map_err(|error| unreachable(url, &error))?;
        Ok(answer.status().as_u16())
    }

    /// `/info` of an admin listener at `host:port`.
    ///
    /// # Errors
    /// Unreachable, or not the contract.
    pub fn info(&self, admin: &str) -> Result<Info, ProbeError> {
        let url = format!("http://{admin}/info");
        let body = body(&self.agent, &url, self.token(), MOST_BYTES)?;
        serde_json::from_slice(&body).map_err(|error| ProbeError::Contract {
            url,
            reason: error.to_string(),
        })
    }

    /// `/metrics` of an admin listener: the snapshot and its text.
    ///
    /// # Errors
    /// Unreachable, or not the contract.
    pub fn metrics(&self, admin: &str) -> Result<(Snapshot, Vec<u8>), ProbeError> {
        let url = format!("http://{admin}/metrics");
        let body = body(&self.agent, &url, self.token(), MOST_BYTES)?;
        let snapshot = Snapshot::parse(&body).map_err(|error| ProbeError::Contract {
            url,
            reason: error.to_string(),
        })?;
        Ok((snapshot, body))
    }
}

/// A request that shows `token`.
fn get(agent: &Agent, url: &str, token: Option<&Token>) -> RequestBuilder<WithoutBody> {
    let request = agent.get(url);
    match token {
        Some(Token(token)) => request.header("Authorization", format!("Bearer {token}")),
        None => request,
    }
}

/// A client that waits at most `patience` for any answer and follows nobody
/// elsewhere.
pub(super) fn client(patience: Duration, insecure: bool) -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(patience))
        .http_status_as_error(false)
        .proxy(None)
        .max_redirects(0)
        .tls_config(TlsConfig::builder().disable_verification(insecure).build())
        .build();
    Agent::with_parts(config, DefaultConnector::default(), LiteralFirst)
}

/// The body of an answer with status 200.
pub(super) fn body(
    agent: &Agent,
    url: &str,
    token: Option<&Token>,
    most_bytes: u64,
) -> Result<Vec<u8>, ProbeError> {
    let mut answer = get(agent, url, token)
        .call()
        .map_err(|error| unreachable(url, &error))?;
    let status = answer.status();
    let body = bounded(answer.body_mut(), most_bytes);
    if status != 200 {
        // net/http/pprof says in the body what it does not like.
        let said = body.unwrap_or_default();
        let said = String::from_utf8_lossy(&said[..said.len().min(200)])
            .trim()
            .to_owned();
        return Err(ProbeError::Contract {
            url: url.to_owned(),
            reason: format!("status {status}, {said:?}"),
        });
    }
    body.map_err(|error| unreachable(url, &error))
}

/// A whole body. ureq's own limit counts the bytes that come over the wire, and a compressed body of some of those
/// can unfold to a thousand times as many.
fn bounded(body: &mut ureq::Body, most_bytes: u64) -> Result<Vec<u8>, io::Error> {
    let mut bytes = Vec::new();
    let reader = body.with_config().limit(most_bytes).reader();
    reader.take(most_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes {
        let words = format!("the answer is larger than {most_bytes} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
    }
    Ok(bytes)
}

fn unreachable(url: &str, error: &dyn std::fmt::Display) -> ProbeError {
    ProbeError::Unreachable {
        url: url.to_owned(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;
    use std::time::Duration;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::{body, client};

    /// Answers one request with zeros, compressed.
    fn zeros(count: usize) -> String {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&vec![0; count]).unwrap();
        let packed = packed.finish().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                packed.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&packed);
        });
        format!("http://{address}/debug/pprof/heap")
    }

    #[test]
    fn a_limit_counts_what_a_compressed_answer_unfolds_to() {
        let agent = client(Duration::from_secs(10), false);
        let fits = body(&agent, &zeros(100_000), None, 100_000).unwrap();
        assert_eq!(fits.len(), 100_000);
        let error = body(&agent, &zeros(100_001), None, 100_000).unwrap_err();
        assert!(
            error.to_string().contains("larger than 100000 bytes"),
            "{error}"
        );
    }
}
