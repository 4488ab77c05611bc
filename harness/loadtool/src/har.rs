//! `--har FILE`: the requests that a browser or proxy recorded, as a weighted mix.
//!
//! The main function is [`read`] (HTTP Archive 1.2). Requests are sent to the server of the URL,
//! most often another one than was recorded; those that went to other hosts than the first are
//! passed over, and so are their order and their times: a mix has none. Deliberately absent:
//! cookies kept up to date and anything else that depends on an earlier answer.

use std::path::Path;

use loadgen::{Body, Expect, RequestSpec, StatusExpectation};
use serde::Deserialize;

use crate::failure::Failure;

/// Headers that the engine makes itself, or that only make sense on the recorded connection.
const OWN: [&str; 7] = [
    "host",
    "content-length",
    "connection",
    "expect",
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
    /// A form that was recorded field by field.
    #[serde(default)]
    params: Vec<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(default)]
    value: String,
    /// Set for a file, whose bytes are seldom in the archive.
    #[serde(rename = "fileName")]
    file_name: Option<String>,
}

#[derive(Deserialize)]
struct Response {
    status: i64,
}

/// The requests of an archive and what there is to know of them.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// Requests that are alike in everything are one, with their number as its weight.
    pub(crate) requests: Vec<RequestSpec>,
    /// What was passed over.
    pub(crate) notes: Vec<String>,
}

/// Reads the requests of an archive.
///
/// # Errors
/// When the file cannot be read, is no archive or has no request that can be sent.
pub(crate) fn read(path: &Path) -> Result<Recorded, Failure> {
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
    let mut with_files = 0;
    for entry in &archive.log.entries {
        let Some((from, target)) = split(&entry.request.url) else {
            elsewhere += 1;
            continue;
        };
        if *origin.get_or_insert(from) != from {
            elsewhere += 1;
            continue;
        }
        let posted = entry.request.post_data.as_ref();
        if posted.is_some_and(PostData::is_lost) {
            with_files += 1;
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
    let mut notes = Vec::new();
    if elsewhere > 0 {
        notes.push(format!(
            "{elsewhere} recorded requests did not go to {origin}: passed over"
        ));
    }
    if with_files > 0 {
        notes.push(format!(
            "{with_files} recorded requests sent files, which the archive does not hold: passed over"
        ));
    }
    if requests.is_empty() {
        return Err(format!("no request that can be sent; {}", notes.join("; ")));
    }
    Ok(Recorded { requests, notes })
}

impl PostData {
    /// Whether the body was a form with files, of which only names were kept.
    fn is_lost(&self) -> bool {
        let has_file = |own: &Parameter| own.file_name.is_some();
        self.text.is_empty() && self.params.iter().any(has_file)
    }

    /// The body as it was sent.
    fn body(&self) -> String {
        if !self.text.is_empty() {
            return self.text.clone();
        }
        let fields = self.params.iter().map(|own| {
            let [name, value] = [&own.name, &own.value].map(|text| form_encoded(text));
            format!("{name}={value}")
        });
        fields.collect::<Vec<_>>().join("&")
    }
}

/// Percent-encoding of application/x-www-form-urlencoded (WHATWG URL, section 5.2). Recorders differ in whether they
/// decode fields: what is encoded already stays.
fn form_encoded(text: &str) -> String {
    let is_encoded = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"*-._+%".contains(&byte));
    if is_encoded {
        return text.to_owned();
    }
    text.bytes()
        .map(|byte| match byte {
            b' ' => "+".to_owned(),
            _ if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
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
    let body = recorded.post_data.as_ref().map(PostData::body);
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
            text if text.is_empty() => Body::Empty,
            text => Body::Bytes(text.into_bytes()),
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
    fn a_form_that_was_kept_field_by_field_is_sent_and_a_file_is_not() {
        let form = r#", "postData": {"mimeType": "application/x-www-form-urlencoded",
            "params": [{"name": "q", "value": "tea & milk"}, {"name": "n", "value": "1%2B1"}]}"#;
        let file = r#", "postData": {"mimeType": "multipart/form-data",
            "params": [{"name": "photo", "fileName": "a.jpg", "contentType": "image/jpeg"}]}"#;
        let text = archive(&[
            entry("POST", "http://a/search", form),
            entry("POST", "http://a/upload", file),
        ]);
        let recorded = parse(&text).unwrap();
        assert_eq!(recorded.requests.len(), 1);
        let body = &recorded.requests[0].body;
        assert!(
            matches!(body, Body::Bytes(bytes) if bytes == b"q=tea+%26+milk&n=1%2B1"),
            "{body:?}"
        );
        assert_eq!(
            recorded.notes,
            ["1 recorded requests sent files, which the archive does not hold: passed over"]
        );
        let only = parse(&archive(&[entry("POST", "http://a/upload", file)])).unwrap_err();
        assert!(
            only.starts_with("no request that can be sent; 1 "),
            "{only}"
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
