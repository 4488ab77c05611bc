//! Reads an archive and makes requests of its entries.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use loadgen::{Body, Expect, RequestSpec, StatusExpectation};
use serde::Deserialize;

use super::posted::PostData;
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

/// A browser's recording with its answers; they are passed over.
const LARGEST_BYTES: u64 = 512 << 20;

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
    #[serde(rename = "_fromCache")]
    from_cache: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Header>,
    #[serde(default)]
    cookies: Vec<Header>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
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
    let text = safefile::read_named_text(path, LARGEST_BYTES)
        .map_err(|error| Failure::usage(format!("--har {file}: {error}")))?;
    parse(&text).map_err(|error| Failure::usage(format!("--har {file}: {error}")))
}

/// The requests of an archive's text.
pub(crate) fn parse(text: &str) -> Result<Recorded, String> {
    // Editors of archives often begin them with a byte order mark.
    let archive: Archive = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| format!("no HTTP archive: {error}"))?;
    let mut requests: Vec<RequestSpec> = Vec::new();
    let mut known: HashMap<u64, Vec<usize>> = HashMap::new();
    let hasher = RandomState::new();
    let mut passed_over: BTreeMap<PassedOver, usize> = BTreeMap::new();
    let mut origin = None;
    for entry in &archive.log.entries {
        match sent(entry, &mut origin) {
            Ok(request) => {
                let alike = known.entry(hasher.hash_one(sent_parts(&request)));
                let alike = alike.or_default();
                let same = alike
                    .iter()
                    .find(|at| sent_parts(&requests[**at]) == sent_parts(&request));
                match same {
                    Some(at) => requests[*at].weight += 1.0,
                    None => {
                        alike.push(requests.len());
                        requests.push(request);
                    }
                }
            }
            Err(why) => *passed_over.entry(why).or_default() += 1,
        }
    }
    let Some(origin) = origin else {
        return Err("no request to http:// or https:// in it".to_owned());
    };
    let notes: Vec<String> = passed_over
        .iter()
        .map(|(why, count)| {
            format!(
                "{count} recorded requests {}: passed over",
                why.text(origin)
            )
        })
        .collect();
    if requests.is_empty() {
        return Err(format!("no request that can be sent; {}", notes.join("; ")));
    }
    Ok(Recorded { requests, notes })
}

/// Why a recorded request is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PassedOver {
    Elsewhere,
    Cached,
    Upgraded,
    Lost,
    Unreadable,
}

impl PassedOver {
    fn text(self, origin: &str) -> String {
        match self {
            Self::Elsewhere => format!("did not go to {origin}"),
            Self::Cached => "were answered by the browser's cache and never sent".to_owned(),
            Self::Upgraded => "opened a WebSocket".to_owned(),
            Self::Lost => "sent files, which the archive does not hold".to_owned(),
            Self::Unreadable => "have bodies in an encoding that cannot be read".to_owned(),
        }
    }
}

/// The request of an entry. The first one that goes to HTTP sets the origin.
fn sent<'a>(entry: &'a Entry, origin: &mut Option<&'a str>) -> Result<RequestSpec, PassedOver> {
    let (from, target) = split(&entry.request.url).ok_or(PassedOver::Elsewhere)?;
    if *origin.get_or_insert(from) != from {
        return Err(PassedOver::Elsewhere);
    }
    if entry.is_cached() {
        return Err(PassedOver::Cached);
    }
    if entry.is_upgrade() {
        return Err(PassedOver::Upgraded);
    }
    let posted = entry.request.post_data.as_ref();
    if posted.is_some_and(PostData::is_lost) {
        return Err(PassedOver::Lost);
    }
    request(entry, target).ok_or(PassedOver::Unreadable)
}

impl Entry {
    /// Chrome says which of its caches answered.
    fn is_cached(&self) -> bool {
        self.from_cache
            .as_ref()
            .is_some_and(|cache| !cache.is_null() && *cache != false)
    }

    fn is_upgrade(&self) -> bool {
        let is_websocket = |header: &Header| {
            header.name.eq_ignore_ascii_case("upgrade")
                && header.value.eq_ignore_ascii_case("websocket")
        };
        self.request.headers.iter().any(is_websocket)
    }
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

fn request(entry: &Entry, target: &str) -> Option<RequestSpec> {
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
    let mut headers: Vec<(String, String)> = recorded
        .headers
        .iter()
        .filter(is_sent)
        .map(|header| (header.name.clone(), header.value.clone()))
        .collect();
    // Some recorders keep cookies only by themselves.
    let has_cookies = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("cookie"));
    if !has_cookies && !recorded.cookies.is_empty() {
        let cookies = recorded.cookies.iter();
        let pairs: Vec<String> = cookies
            .map(|own| format!("{}={}", own.name, own.value))
            .collect();
        headers.push(("cookie".to_owned(), pairs.join("; ")));
    }
    let is_kind = |name: &str| name.eq_ignore_ascii_case("content-type");
    let mut body = Vec::new();
    if let Some(posted) = &recorded.post_data {
        let own = headers.iter().find(|(name, _)| is_kind(name));
        let own = own.map(|(_, value)| value.clone());
        let (bytes, kind) = posted.body(own.as_deref().unwrap_or_default())?;
        body = bytes;
        // Recorders that leave headers out still say the type.
        let missing = own.is_none() && !posted.mime_type.is_empty();
        let kind = kind.or_else(|| missing.then(|| posted.mime_type.clone()));
        if let Some(kind) = kind {
            headers.retain(|(name, _)| !is_kind(name));
            headers.push(("content-type".to_owned(), kind));
        }
    }
    // An answer that was an error when it was recorded is right when it is the same error.
    let status = match entry.response.as_ref().map(|response| response.status) {
        Some(status @ 400..=599) => StatusExpectation::OneOf(vec![status as u16]),
        _ => StatusExpectation::Success,
    };
    Some(RequestSpec {
        name: format!("{} {}", recorded.method, record::secret::url(&target)),
        weight: 1.0,
        method: recorded.method.clone(),
        target: literal(&target),
        headers: headers
            .into_iter()
            .map(|(name, value)| (name, literal(&value)))
            .collect(),
        body: match body {
            bytes if bytes.is_empty() => Body::Empty,
            bytes => Body::Bytes(bytes),
        },
        expect: Expect {
            status,
            ..Expect::default()
        },
    })
}

/// What goes over the wire: method, target, headers and body.
type SentParts<'a> = (&'a str, &'a str, &'a [(String, String)], &'a [u8]);

fn sent_parts(request: &RequestSpec) -> SentParts<'_> {
    let body = match &request.body {
        Body::Bytes(bytes) => bytes.as_slice(),
        _ => &[],
    };
    (&request.method, &request.target, &request.headers, body)
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
    fn many_different_requests_each_keep_their_weight() {
        let entries: Vec<String> = (0..40_000)
            .map(|at| entry("GET", &format!("https://a.example/{}", at % 20_000), ""))
            .collect();
        let recorded = parse(&archive(&entries)).unwrap();
        assert_eq!(recorded.requests.len(), 20_000);
        assert!(
            recorded
                .requests
                .iter()
                .all(|request| request.weight == 2.0)
        );
        assert_eq!(recorded.requests[19_999].target, "/19999");
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
            [
                ("Accept".to_owned(), "text/{{open}}x}}".to_owned()),
                ("content-type".to_owned(), "application/json".to_owned())
            ]
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

    fn posted(data: &str) -> Result<(String, Vec<(String, String)>), String> {
        let entry = entry("POST", "http://a/up", &format!(", \"postData\": {data}"));
        let request = parse(&archive(&[entry]))?.requests.remove(0);
        let Body::Bytes(bytes) = request.body else {
            return Err("no body".to_owned());
        };
        Ok((String::from_utf8(bytes).unwrap(), request.headers))
    }

    #[test]
    fn a_multipart_form_is_sent_as_it_was_or_put_together_again() {
        let text = r#"{"mimeType": "multipart/form-data; boundary=B",
            "text": "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n"}"#;
        let whole = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n";
        assert_eq!(posted(text).unwrap().0, whole);
        let fields = r#"{"mimeType": "multipart/form-data; boundary=\"B\"", "params": [{"name": "a", "value": "1"}]}"#;
        assert_eq!(posted(fields).unwrap().0, whole);
        let without = r#"{"mimeType": "multipart/form-data", "params": [{"name": "a", "value": "1"},
            {"name": "f", "fileName": "x.txt", "contentType": "text/plain", "value": "kept"}]}"#;
        let (body, headers) = posted(without).unwrap();
        let kind = &headers.last().unwrap().1;
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
        assert!(body.starts_with(&format!("--{boundary}\r\n")), "{body}");
        assert!(
            body.contains("filename=\"x.txt\"\r\nContent-Type: text/plain\r\n\r\nkept\r\n"),
            "{body}"
        );
        // Browsers keep the head of a file and leave its bytes out.
        let lost = r#"{"mimeType": "multipart/form-data; boundary=B", "text":
            "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\nContent-Type: a/b\r\n\r\n\r\n--B--\r\n"}"#;
        assert!(posted(lost).unwrap_err().contains("sent files"));
    }

    #[test]
    fn bodies_that_are_no_text_are_decoded_or_passed_over() {
        let encoded = r#"{"mimeType": "a/b", "encoding": "base64", "text": "aGVsbG8="}"#;
        assert_eq!(posted(encoded).unwrap().0, "hello");
        for bad in ["!", "rot13"] {
            let encoding = if bad == "!" { "base64" } else { bad };
            let text =
                format!(r#"{{"mimeType": "a/b", "encoding": "{encoding}", "text": "{bad}"}}"#);
            assert!(
                posted(&text).unwrap_err().contains("cannot be read"),
                "{bad}"
            );
        }
    }

    #[test]
    fn what_never_went_to_the_server_is_passed_over_and_cookies_are_sent() {
        let cached =
            entry("GET", "http://a/logo", "").replacen('{', "{\"_fromCache\": \"disk\", ", 1);
        let socket = entry("GET", "http://a/live", "")
            .replace("text/{{x}}", "x")
            .replace("Accept", "Upgrade");
        let socket = socket.replace("\"x\"", "\"websocket\"");
        let cookie = r#", "cookies": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]"#;
        let recorded = parse(&archive(&[
            cached,
            socket,
            entry("GET", "http://a/", cookie),
        ]))
        .unwrap();
        assert_eq!(
            recorded.notes,
            [
                "1 recorded requests were answered by the browser's cache and never sent: passed over",
                "1 recorded requests opened a WebSocket: passed over"
            ]
        );
        let headers = &recorded.requests[0].headers;
        assert!(
            headers.contains(&("cookie".to_owned(), "a=1; b=2".to_owned())),
            "{headers:?}"
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
