//! Asks a target about itself through its admin listener.

use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use gotrace::metrics::Snapshot;
use serde::Deserialize;
use toolchain::resolver::LiteralFirst;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::typestate::WithoutBody;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, RequestBuilder};

/// So much of an answer is shown to a person.
const START_BYTES: u64 = 256;

/// The largest answer that is read: metrics are some 60 KiB.
const MOST_BYTES: u64 = 16 << 20;

/// A client for one target's listeners.
#[derive(Debug, Clone)]
pub struct Probe {
    agent: Agent,
    patience: Duration,
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

/// Whose certificates are accepted.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    insecure: bool,
    roots: Option<RootCerts>,
}

impl Trust {
    /// Any certificate, or those of the authorities that programs commonly trust.
    pub fn insecure(insecure: bool) -> Trust {
        Trust {
            insecure,
            roots: None,
        }
    }

    /// Certificates of the authorities in a PEM file.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn authorities(pem: &[u8]) -> Result<Trust, String> {
        let mut certificates = Vec::new();
        for item in parse_pem(pem) {
            match item {
                Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
                Ok(_) => {}
                Err(error) => return Err(format!("it is no PEM file: {error}")),
            }
        }
        if certificates.is_empty() {
            return Err("it holds no certificate in PEM form".to_owned());
        }
        Ok(Trust {
            insecure: false,
            roots: Some(RootCerts::new_with_certs(&certificates)),
        })
    }
}

/// What a URL answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The start of the body.
    pub body_start: Vec<u8>,
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
    /// A page of metrics that cannot be used.
    #[error("{url} is no page of metrics that can be read: {reason}")]
    Page {
        /// What was asked.
        url: String,
        /// What was wrong.
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
    pub fn new(patience: Duration, trust: &Trust, token: Option<Token>) -> Probe {
        Probe {
            agent: client(patience, trust),
            patience,
            token,
        }
    }

    /// The same that trusts others.
    pub fn trusting(&self, trust: &Trust) -> Probe {
        Probe::new(self.patience, trust, self.token.clone())
    }

    /// What it shows to the admin listener.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// What a URL answers to a GET with these header lines; `shows_token` for the admin listener.
    ///
    /// # Errors
    /// [`ProbeError::Unreachable`].
    pub fn ask(
        &self,
        url: &str,
        headers: &[(String, String)],
        shows_token: bool,
    ) -> Result<Answer, ProbeError> {
        let token = self.token().filter(|_| shows_token);
        let mut request = get(&self.agent, url, token);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut answer = request.call().map_err(|error| unreachable(url, &error))?;
        let mut body_start = Vec::new();
        // A body that breaks off, or never ends, was answered with a status all the same.
        let reader = answer.body_mut().as_reader();
        let _ = reader.take(START_BYTES).read_to_end(&mut body_start);
        Ok(Answer {
            status: answer.status().as_u16(),
            body_start,
        })
    }

    /// The whole body of a URL, with status 200, to a GET with these header lines.
    ///
    /// # Errors
    /// Unreachable, another status, or too large.
    pub fn page(
        &self,
        url: &str,
        headers: &[(String, String)],
        shows_token: bool,
    ) -> Result<Vec<u8>, ProbeError> {
        let token = self.token().filter(|_| shows_token);
        let mut request = get(&self.agent, url, token);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        body_of(request, url, MOST_BYTES)
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
pub(super) fn client(patience: Duration, trust: &Trust) -> Agent {
    let mut tls = TlsConfig::builder().disable_verification(trust.insecure);
    if let Some(roots) = &trust.roots {
        tls = tls.root_certs(roots.clone());
    }
    let config = Agent::config_builder()
        .timeout_global(Some(patience))
        .http_status_as_error(false)
        .proxy(None)
        .max_redirects(0)
        .tls_config(tls.build())
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
    body_of(get(agent, url, token), url, most_bytes)
}

fn body_of(
    request: RequestBuilder<WithoutBody>,
    url: &str,
    most_bytes: u64,
) -> Result<Vec<u8>, ProbeError> {
    let mut answer = request.call().map_err(|error| unreachable(url, &error))?;
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

    use super::{Trust, body, client};

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
        let agent = client(Duration::from_secs(10), &Trust::default());
        let fits = body(&agent, &zeros(100_000), None, 100_000).unwrap();
        assert_eq!(fits.len(), 100_000);
        let error = body(&agent, &zeros(100_001), None, 100_000).unwrap_err();
        assert!(
            error.to_string().contains("larger than 100000 bytes"),
            "{error}"
        );
    }
}
