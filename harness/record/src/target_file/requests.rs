//! Decodes the requests of a target file.

use std::collections::HashSet;

use super::values::checked;
use super::{Expect, Request, RequestBody};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Decoder, Fields, Node, Shape, shown, whole};

/// The keys of a request.
pub(crate) const REQUEST_KEYS: &[&str] = &[
    "name",
    "method",
    "path",
    "headers",
    "body",
    "body_file",
    "weight",
    "expect",
];
/// The keys of `expect`.
pub(crate) const EXPECT_KEYS: &[&str] = &["status", "length", "sha256"];

pub(super) fn requests(decoder: &Decoder, fields: &Fields<'_>) -> Vec<Request> {
    let Some(node) = fields.require("requests", "[{path: /, expect: {status: 200}}]") else {
        return Vec::new();
    };
    let items = decoder.items(node, "requests");
    if items.is_empty() && matches!(node.shape, Shape::List(_)) {
        let empty = Diagnostic::new(node.span.clone(), "requests is empty");
        decoder.report(empty.help("add at least one, e.g. `- {path: /, expect: {status: 200}}`"));
    }
    let mut names = HashSet::new();
    let mut requests = Vec::new();
    for item in items {
        let Some(request) = request(decoder, item) else {
            continue;
        };
        if !names.insert(request.name.clone()) {
            let twice = format!("two requests are named `{}`", shown(&request.name));
            decoder.report(
                Diagnostic::new(item.span.clone(), twice)
                    .help("give each its own `name`; without one a request is named by its path"),
            );
        }
        requests.push(request);
    }
    requests
}

/// A path with its query, as it may stand in a request line.
pub(super) fn path(text: &str) -> Result<String, String> {
    if text.starts_with('/') && text.chars().all(|c| c.is_ascii_graphic() && c != '#') {
        return checked(text).map(|()| text.to_owned());
    }
    Err(
        "a path starts with `/`; write spaces and special characters as %20 and the like"
            .to_owned(),
    )
}

fn request(decoder: &Decoder, node: &Node) -> Option<Request> {
    let inner = decoder.fields(node, "a request", REQUEST_KEYS)?;
    let path = inner
        .require("path", "/")
        .and_then(|node| decoder.value(node, "path", path));
    let headers = headers(decoder, &inner);
    let name = inner.text("name").map(str::to_owned);
    let method = inner.or("method", "GET".to_owned(), method);
    let body = body(decoder, &inner);
    let weight = inner.or("weight", 1, |text| whole(text, 1, 1_000_000));
    let expect = expect(decoder, &inner);
    let path = path?;
    Some(Request {
        name: name.unwrap_or_else(|| path.clone()),
        method,
        path,
        headers,
        body,
        weight,
        expect,
    })
}

fn body(decoder: &Decoder, request: &Fields<'_>) -> Option<RequestBody> {
    if request.has("body") && request.has("body_file") {
        let both = "a request has `body` or `body_file`, not both";
        decoder.report(Diagnostic::new(request.key_span("body_file"), both).help(
            "keep the one that is meant; a file is sent byte for byte, a text may hold `{{seq}}`",
        ));
    }
    let text = request.get("body").and_then(|node| {
        decoder.value(node, "body", |text| checked(text).map(|()| text.to_owned()))
    });
    let file = || request.text("body_file").map(str::to_owned);
    text.map(RequestBody::Text)
        .or_else(|| file().map(RequestBody::File))
}

fn method(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase()) {
        return Ok(text.to_owned());
    }
    Err("write the method in capitals, e.g. `POST`".to_owned())
}

pub(super) fn headers(decoder: &Decoder, request: &Fields<'_>) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    let Some(node) = request.get("headers") else {
        return headers;
    };
    for entry in decoder.entries(node, "headers").unwrap_or_default() {
        // RFC 9110 section 5.6.2: a field name is a token.
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if entry.key.is_empty() || !entry.key.chars().all(token) {
            let bad = format!("bad header name `{}`", shown(&entry.key));
            decoder.report(
                Diagnostic::new(entry.key_span.clone(), bad)
                    .help("use letters, digits and `-`, e.g. `Content-Type`"),
            );
        }
        let what = format!("header `{}`", shown(&entry.key));
        let value = decoder.value(&entry.value, &what, |text| {
            if text.chars().any(|c| c.is_control() && c != '\t') {
                return Err("a header is one line of text".to_owned());
            }
            checked(text).map(|()| text.to_owned())
        });
        headers.extend(value.map(|value| (entry.key.clone(), value)));
    }
    headers
}

/// An HTTP status.
pub(super) fn status(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(status) if (100..=599).contains(&status) => Ok(status),
        _ => Err("write a status from 100 to 599".to_owned()),
    }
}

fn expect(decoder: &Decoder, request: &Fields<'_>) -> Expect {
    let Some(inner) = request
        .get("expect")
        .and_then(|node| decoder.fields(node, "expect", EXPECT_KEYS))
    else {
        return Expect::default();
    };
    let sha256 = |text: &str| {
        let good = text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
        if good {
            Ok(Some(text.to_ascii_lowercase()))
        } else {
            Err("write 64 hexadecimal digits".to_owned())
        }
    };
    Expect {
        status: inner.or("status", None, |text| status(text).map(Some)),
        length: inner.or("length", None, |text| match text.parse() {
            Ok(length) => Ok(Some(length)),
            Err(_) => Err("write the number of bytes".to_owned()),
        }),
        sha256: inner.or("sha256", None, sha256),
    }
}
