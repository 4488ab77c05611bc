//! `--har FILE`: the requests that a browser or proxy recorded, as a weighted mix.
//!
//! The main function is [`read`] (HTTP Archive 1.2). Requests are sent to the server of the URL,
//! most often another one than was recorded; those that went to other hosts than the first are
//! passed over, and so are their order and their times: a mix has none. Deliberately absent:
//! cookies kept up to date and anything else that depends on an earlier answer.

use std::path::Path;

use loadgen::{Body, Expect, RequestSpec, StatusExpectation};
use serde::Deserialize;

use crate::exit::Failure;

/// Headers that the engine makes itself, or that only make sense on the recorded connection.
const OWN: [&str; 6] = [
    "host",
    "content-length",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
];

#[derive(Deserialize)]
struct Archive {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: Request,
    response: Option<Response>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Header>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct PostData {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Response {
    status: i64,
}

/// The requests of an archive and what there is to know of them.
#[derive(Debug)]
pub(super) struct Recorded {
    /// Requests that are alike in everything are one, with their number as its weight.
    pub(super) requests: Vec<RequestSpec>,
    /// What was passed over.
    pub(super) notes: Vec<String>,
}

/// Reads the requests of an archive.
///
/// # Errors
/// When the file cannot be read, is no archive or has no request that can be sent.
pub(super) fn read(path: &Path) -> Result<Recorded, Failure> {
    let file = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("--har {file}: {error}")))?;
    parse(&text).map_err(|error| Failure::usage(format!("--har {file}: {error}")))
}

fn parse(text: &str) -> Result<Recorded, String> {
    // Editors of archives often begin them with a byte order mark.
    let archive: Archive = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| format!("no HTTP archive: {error}"))?;
    let mut requests: Vec<RequestSpec> = Vec::new();
    let mut origin = None;
    let mut elsewhere = 0;
    for entry in &archive.log.entries {
        let Some((from, target)) = split(&entry.request.url) else {
            elsewhere += 1;
            continue;
        };
        if *origin.get_or_insert(from) != from {
            elsewhere += 1;
            continue;
        }
        let request = request(entry, target);
        match requests.iter_mut().find(|known| is_same(known, &request)) {
            Some(known) => known.weight += 1.0,
            None => requests.push(request),
        }
    }
    let Some(origin) = origin else {
        return Err("no request to http:// or https:// in it".to_owned());
    };
    let notes = (elsewhere > 0)
        .then(|| format!("{elsewhere} recorded requests did not go to {origin}: passed over"));
    Ok(Recorded {
        requests,
        notes: notes.into_iter().collect(),
    })
}

/// Origin and target of a URL; none for what is not HTTP, such as `data:`.
fn split(url: &str) -> Option<(&str, &str)> {
    let host = ["http://", "https://"].iter().find_map(|scheme| {
        let rest = url.strip_prefix(scheme)?;
        Some(url.len() - rest.len())
    })?;
    let end = url[host..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| host + at);
    let target = url[end..].split('#').next().unwrap_or_default();
    Some((&url[..end], target))
}

fn request(entry: &Entry, target: &str) -> RequestSpec {
    let recorded = &entry.request;
    // Braces in a recorded request are its own.
    let literal = |text: &str| text.replace("{{", "{{open}}");
    let target = match target {
        "" => "/".to_owned(),
        query if query.starts_with('?') => format!("/{query}"),
        path => path.to_owned(),
    };
    let is_sent = |header: &&Header| {
        !header.name.starts_with(':')
            && !OWN.iter().any(|own| header.name.eq_ignore_ascii_case(own))
    };
    let headers = recorded.headers.iter().filter(is_sent);
    let body = recorded.post_data.as_ref().map(|data| data.text.as_str());
    // An answer that was an error when it was recorded is right when it is the same error.
    let status = match entry.response.as_ref().map(|response| response.status) {
        Some(status @ 400..=599) => StatusExpectation::OneOf(vec![status as u16]),
        _ => StatusExpectation::Success,
    };
    RequestSpec {
        name: format!("{} {target}", recorded.method),
        weight: 1.0,
        method: recorded.method.clone(),
        target: literal(&target),
        headers: headers
            .map(|header| (header.name.clone(), literal(&header.value)))
            .collect(),
        body: match body.unwrap_or_default() {
            "" => Body::Empty,
            text => Body::Bytes(text.as_bytes().to_vec()),
        },
        expect: Expect {
            status,
            ..Expect::default()
        },
    }
}

fn is_same(one: &RequestSpec, other: &RequestSpec) -> bool {
    let bytes = |request: &RequestSpec| match &request.body {
        Body::Bytes(bytes) => bytes.clone(),
        _ => Vec::new(),
    };
    (&one.method, &one.target, &one.headers) == (&other.method, &other.target, &other.headers)
        && bytes(one) == bytes(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(method: &str, url: &str, rest: &str) -> String {
        format!(
            r#"{{"request": {{"method": "{method}", "url": "{url}", "httpVersion": "h2",
                "headers": [{{"name": ":path", "value": "/x"}}, {{"name": "Host", "value": "a.example"}},
                            {{"name": "Accept", "value": "text/{{{{x}}}}"}}]{rest}}},
                "response": {{"status": 200}}, "time": 12.5}}"#
        )
    }

    fn archive(entries: &[String]) -> String {
        format!(
            r#"{{"log": {{"version": "1.2", "entries": [{}]}}}}"#,
            entries.join(",")
        )
    }

    #[test]
    fn requests_that_are_alike_become_one_with_their_number_as_weight() {
        let body = r#", "postData": {"mimeType": "application/json", "text": "{\"a\": 1}"}"#;
        let text = archive(&[
            entry("GET", "https://a.example/list?page=1#top", ""),
            entry("POST", "https://a.example/items", body),
            entry("GET", "https://a.example/list?page=1", ""),
            entry("GET", "https://cdn.example/logo.png", ""),
            entry("GET", "data:image/png;base64,AAAA", ""),
            entry("GET", "https://a.example", ""),
        ]);
        let recorded = parse(&text).unwrap();
        let seen: Vec<_> = recorded
            .requests
            .iter()
            .map(|request| (request.name.as_str(), request.weight))
            .collect();
        assert_eq!(
            seen,
            [
                ("GET /list?page=1", 2.0),
                ("POST /items", 1.0),
                ("GET /", 1.0)
            ]
        );
        let post = &recorded.requests[1];
        assert!(matches!(&post.body, Body::Bytes(bytes) if bytes == br#"{"a": 1}"#));
        assert_eq!(
            post.headers,
            [("Accept".to_owned(), "text/{{open}}x}}".to_owned())]
        );
        assert_eq!(
            recorded.notes,
            ["2 recorded requests did not go to https://a.example: passed over"]
        );
    }

    #[test]
    fn a_recorded_error_is_the_answer_to_expect() {
        let text = archive(&[entry("GET", "http://a/gone", "")]).replace("200", "404");
        let status = &parse(&text).unwrap().requests[0].expect.status;
        assert!(status.accepts(404) && !status.accepts(200));
    }

    #[test]
    fn what_is_no_archive_says_so() {
        assert!(parse("{}").unwrap_err().contains("missing field `log`"));
        assert!(parse(&archive(&[])).unwrap_err().contains("no request"));
    }
}
