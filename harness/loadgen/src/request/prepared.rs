//! The mix compiled for the engines: bytes where they never change, templates where they do.
//!
//! The main type is [`PreparedMix`], made once per run and shared by all threads.

use std::sync::OnceLock;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use http::{Method, Uri};

use super::body_check::{BodyCheck, BodyCount};
use super::mix::{Body, CsvRows, Expect, LARGEST_BODY_BYTES, RequestMix, RequestSpec};
use super::parts::HyperParts;
use super::template::Template;
use crate::endpoint::{Endpoint, Protocol};
use crate::errors::{Failure, LoadError};
use crate::outcome::WrongAnswer;
use crate::random;

/// The compiled mix.
#[derive(Debug)]
pub(crate) struct PreparedMix {
    classes: Vec<PreparedRequest>,
    /// Upper ends of the classes' shares of `[0, 1)`.
    shares: Vec<f64>,
    rows: Option<CsvRows>,
    seed: u64,
}

/// What a request needs on the wire alongside its own text.
pub(crate) struct WireForm<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) protocol: Protocol,
    pub(crate) keep_alive: bool,
    pub(crate) seed: u64,
}

/// One compiled request class.
#[derive(Debug)]
pub(crate) struct PreparedRequest {
    pub(crate) name: String,
    pub(crate) expect: Expect,
    pub(crate) is_head: bool,
    pub(super) method: Method,
    target: Template,
    headers: Vec<(HeaderName, Template)>,
    body: PreparedBody,
    /// Scheme and authority before the target, for HTTP/2; empty for HTTP/1.
    uri_prefix: String,
    /// The whole HTTP/1.1 request, where nothing in it changes.
    http1: Option<Vec<u8>>,
    /// The parts of a hyper request, where nothing in it changes.
    pub(super) hyper: Option<HyperParts>,
    /// Its first wrong answer.
    wrong: OnceLock<WrongAnswer>,
}

impl PreparedRequest {
    /// Ends the check of an answer, and keeps the first wrong one.
    #[inline]
    pub(crate) fn finish(
        &self,
        check: &mut BodyCheck,
        status: u16,
    ) -> (BodyCount, Result<(), Failure>) {
        let (count, verdict) = check.finish(status, &self.expect);
        if let Err(failure) = &verdict
            && self.wrong.get().is_none()
        {
            // Another thread may have kept one meanwhile.
            let _ = self.wrong.set(WrongAnswer {
                status,
                reason: failure.message.to_string(),
                body_start: check.start().to_vec(),
            });
        }
        (count, verdict)
    }

    pub(crate) fn wrong(&self) -> Option<&WrongAnswer> {
        self.wrong.get()
    }
}

#[derive(Debug)]
enum PreparedBody {
    Fixed(Bytes),
    Template(Template),
}

impl PreparedMix {
    /// Compiles a mix.
    ///
    /// # Errors
    /// [`LoadError::InvalidRequest`] or [`LoadError::File`], naming the request or file.
    pub(crate) fn compile(requests: &RequestMix, form: &WireForm<'_>) -> Result<Self, LoadError> {
        let RequestMix { requests, rows } = requests;
        if requests.is_empty() {
            return Err(LoadError::InvalidSpec("the request mix is empty".into()));
        }
        let mut total = 0.0;
        let mut shares = Vec::with_capacity(requests.len());
        for request in requests {
            if !(request.weight.is_finite() && request.weight > 0.0) {
                return Err(invalid(
                    request,
                    format!("weight {} must be above 0", request.weight),
                ));
            }
            total += request.weight;
            shares.push(total);
        }
        shares.iter_mut().for_each(|share| *share /= total);
        let classes = requests
            .iter()
            .map(|request| PreparedRequest::compile(request, rows.as_ref(), form))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            classes,
            shares,
            rows: rows.clone(),
            seed: form.seed,
        })
    }

    /// The class of request `request`: the same for the same seed.
    #[inline]
    pub(crate) fn class_of(&self, request: u64) -> usize {
        if self.shares.len() == 1 {
            return 0;
        }
        let point = random::unit(random::at(self.seed, request));
        self.shares
            .partition_point(|share| *share <= point)
            .min(self.shares.len() - 1)
    }

    pub(crate) fn classes(&self) -> &[PreparedRequest] {
        &self.classes
    }

    /// The bytes of an HTTP/1.1 request: pre-serialised, or rendered into `scratch`.
    #[inline]
    pub(crate) fn http1_bytes<'a>(
        &'a self,
        class: usize,
        request: u64,
        scratch: &'a mut Vec<u8>,
    ) -> &'a [u8] {
        match &self.classes[class].http1 {
            Some(bytes) => bytes,
            None => {
                scratch.clear();
                self.classes[class].render_http1(request, self.seed, self.rows.as_ref(), scratch);
                scratch
            }
        }
    }

    /// The parts of a hyper request whose content changes.
    ///
    /// # Errors
    /// A fragment, where a rendered value is not legal in its place.
    pub(super) fn render_hyper(&self, class: usize, request: u64) -> Result<HyperParts, String> {
        self.classes[class].render_hyper(request, self.seed, self.rows.as_ref())
    }
}

fn invalid(request: &RequestSpec, reason: impl Into<String>) -> LoadError {
    LoadError::InvalidRequest {
        request: request.name.clone(),
        reason: reason.into(),
    }
}

impl PreparedRequest {
    fn compile(
        request: &RequestSpec,
        rows: Option<&CsvRows>,
        form: &WireForm<'_>,
    ) -> Result<Self, LoadError> {
        let fail = |reason: String| invalid(request, reason);
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| fail(format!("method {:?} is not a token", request.method)))?;
        if method == Method::CONNECT {
            return Err(fail(
                "method CONNECT opens a tunnel and has no answer to measure".into(),
            ));
        }
        let target = Template::parse(&request.target, rows).map_err(fail)?;
        if !request.target.starts_with('/') {
            return Err(fail(format!(
                "target {:?} does not start with /",
                request.target
            )));
        }
        let body = match &request.body {
            Body::Empty => PreparedBody::Fixed(Bytes::new()),
            Body::Bytes(bytes) => PreparedBody::Fixed(Bytes::copy_from_slice(bytes)),
            Body::File(path) => {
                let bytes = safefile::read_named(path, LARGEST_BODY_BYTES).map_err(|source| {
                    LoadError::File {
                        path: path.display().to_string(),
                        source,
                    }
                })?;
                PreparedBody::Fixed(bytes.into())
            }
            Body::Template(text) => {
                let template = Template::parse(text, rows).map_err(fail)?;
                match template.as_static() {
                    Some(text) => PreparedBody::Fixed(Bytes::copy_from_slice(text.as_bytes())),
                    None => PreparedBody::Template(template),
                }
            }
        };
        let headers = compile_headers(request, rows, form).map_err(fail)?;
        let uri_prefix = match form.protocol {
            Protocol::Http1 => String::new(),
            Protocol::Http2 => scheme_and_authority(form.endpoint),
        };
        let mut prepared = Self {
            name: request.name.clone(),
            expect: request.expect.clone(),
            is_head: method == Method::HEAD,
            method,
            target,
            headers,
            body,
            uri_prefix,
            http1: None,
            hyper: None,
            wrong: OnceLock::new(),
        };
        prepared.prerender(form.seed, rows).map_err(fail)?;
        Ok(prepared)
    }

    /// Renders request 0: it proves that the request is legal, and is kept where it is static.
    fn prerender(&mut self, seed: u64, rows: Option<&CsvRows>) -> Result<(), String> {
        let hyper = self.render_hyper(0, seed, rows)?;
        let mut http1 = Vec::new();
        self.render_http1(0, seed, rows, &mut http1);
        let is_static = self.target.as_static().is_some()
            && self
                .headers
                .iter()
                .all(|(_, value)| value.as_static().is_some())
            && matches!(self.body, PreparedBody::Fixed(_));
        if is_static {
            self.http1 = Some(http1);
            self.hyper = Some(hyper);
        }
        Ok(())
    }

    fn render_http1(&self, request: u64, seed: u64, rows: Option<&CsvRows>, out: &mut Vec<u8>) {
        out.extend_from_slice(self.method.as_str().as_bytes());
        out.push(b' ');
        self.target.render(request, stream(seed, 0), rows, out);
        out.extend_from_slice(b" HTTP/1.1\r\n");
        for (index, (name, value)) in self.headers.iter().enumerate() {
            out.extend_from_slice(name.as_str().as_bytes());
            out.extend_from_slice(b": ");
            value.render(request, stream(seed, 2 + index as u64), rows, out);
            out.extend_from_slice(b"\r\n");
        }
        match &self.body {
            PreparedBody::Fixed(bytes) => {
                append_content_length(&self.method, bytes.len(), out);
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(bytes);
            }
            PreparedBody::Template(template) => {
                let mut body = Vec::new();
                template.render(request, stream(seed, 1), rows, &mut body);
                append_content_length(&self.method, body.len(), out);
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(&body);
            }
        }
    }

    fn render_hyper(
        &self,
        request: u64,
        seed: u64,
        rows: Option<&CsvRows>,
    ) -> Result<HyperParts, String> {
        let mut text = self.uri_prefix.clone().into_bytes();
        self.target
            .render(request, stream(seed, 0), rows, &mut text);
        let uri = Uri::from_maybe_shared(Bytes::from(text))
            .map_err(|error| format!("target is not legal: {error}"))?;
        let mut headers = Vec::with_capacity(self.headers.len());
        for (index, (name, value)) in self.headers.iter().enumerate() {
            let mut text = Vec::new();
            value.render(request, stream(seed, 2 + index as u64), rows, &mut text);
            let value = HeaderValue::from_maybe_shared(Bytes::from(text))
                .map_err(|_| format!("value of header {name} is not legal"))?;
            headers.push((name.clone(), value));
        }
        let body = match &self.body {
            PreparedBody::Fixed(bytes) => bytes.clone(),
            PreparedBody::Template(template) => {
                let mut body = Vec::new();
                template.render(request, stream(seed, 1), rows, &mut body);
                body.into()
            }
        };
        Ok(HyperParts { uri, headers, body })
    }
}

/// The random stream of one template of the request: target 0, body 1, headers from 2.
fn stream(seed: u64, which: u64) -> u64 {
    random::at(seed ^ 0x7e3a_91c4, which)
}

fn scheme_and_authority(endpoint: &Endpoint) -> String {
    let scheme = if endpoint.tls.is_some() {
        "https"
    } else {
        "http"
    };
    format!("{scheme}://{}", endpoint.authority)
}

fn append_content_length(method: &Method, length: usize, out: &mut Vec<u8>) {
    use std::io::Write;
    // RFC 9110 §8.6: a method that gives meaning to content states its length even at zero.
    if length > 0 || [Method::POST, Method::PUT, Method::PATCH].contains(method) {
        write!(out, "content-length: {length}\r\n").expect("writing to a vector cannot fail");
    }
}

fn compile_headers(
    request: &RequestSpec,
    rows: Option<&CsvRows>,
    form: &WireForm<'_>,
) -> Result<Vec<(HeaderName, Template)>, String> {
    let mut headers = Vec::with_capacity(request.headers.len() + 2);
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("header name {name:?} is not a token"))?;
        if name == CONTENT_LENGTH || name == http::header::TRANSFER_ENCODING {
            return Err(format!("header {name} is set from the body; leave it out"));
        }
        if name == http::header::EXPECT {
            return Err("header expect is not supported; bodies are sent at once".into());
        }
        headers.push((name, Template::parse(value, rows)?));
    }
    let missing = |name: &HeaderName| headers.iter().all(|(given, _)| given != name);
    let http1 = form.protocol == Protocol::Http1;
    let literal = |text: &str| Template::parse(text, None);
    let mut added = Vec::new();
    if http1 && missing(&HOST) {
        added.push((HOST, literal(&form.endpoint.authority)?));
    }
    if http1 && !form.keep_alive && missing(&CONNECTION) {
        added.push((CONNECTION, literal("close")?));
    }
    added.append(&mut headers);
    Ok(added)
}
