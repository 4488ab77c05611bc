//! From curl's options to the request that curl would send.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::asked::{Asked, Version};
use super::data::{self, base64};
use super::options;
use super::shell;
use super::table::Meaning;
use super::url::CurlUrl;
use crate::multipart;
use crate::values;

/// How a curl names itself; which one makes no difference, but some servers refuse requests without.
const USER_AGENT: &str = "curl/8.5.0";
/// What a curl with all its codings offers.
const CODINGS: &str = "deflate, gzip, br, zstd";

/// The request that a curl command sends, and the way to the server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CurlCommand {
    pub(crate) url: String,
    pub(crate) method: String,
    /// All headers but those that follow from the connection and the body's length.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) insecure: bool,
    pub(crate) http2: bool,
    pub(crate) cacert: Option<PathBuf>,
    pub(crate) unix: Option<PathBuf>,
    pub(crate) timeout: Option<Duration>,
    /// What was passed over although it changes what curl does.
    pub(crate) notes: Vec<String>,
}

/// Whether `text` is a curl command rather than a URL.
pub(crate) fn is_curl(text: &str) -> bool {
    text.trim_start()
        .strip_prefix("curl")
        .is_some_and(|rest| rest.starts_with(char::is_whitespace))
}

/// Reads a curl command, and the files that its data come from.
///
/// # Errors
/// What cannot be carried over, by its name and with the fix.
pub(crate) fn parse(text: &str) -> Result<CurlCommand, String> {
    let line = shell::split(text)?;
    let mut asked = Asked::default();
    asked.notes.extend(
        line.passed_over
            .map(|rest| format!("`{rest}` takes curl's output: passed over")),
    );
    let words = line.words.into_iter().skip(1).collect();
    for given in options::read(words)? {
        match given.meaning {
            Meaning::Harmless => {}
            Meaning::Noted(why) => asked.notes.push(format!("curl's {}: {why}", given.name)),
            Meaning::Sent(part) => asked.take(part, given)?,
            Meaning::Refused(why) => {
                return Err(format!(
                    "curl's {} cannot be carried over: {why}",
                    given.name
                ));
            }
        }
    }
    asked.command()
}

impl Asked {
    fn command(mut self) -> Result<CurlCommand, String> {
        self.refuse_contradictions()?;
        let mut url = self.url()?;
        let asked = self.data.take_if(|_| self.as_query);
        if let Some(data) = asked {
            let text = String::from_utf8(data)
                .map_err(|_| "-G with data that are not UTF-8".to_owned())?;
            url.append_query(&text);
        } else {
            // curl takes these only where -G gives none.
            for more in &self.query {
                url.append_query(more);
            }
        }
        let (kind, body) = self.body(&mut url)?;
        let is_http2 = self.is_http2(&url)?;
        self.refuse_expectation(is_http2, body.as_deref())?;
        let headers = self.all_headers(&url, kind)?;
        let usual = match (self.is_head, &self.upload, &body) {
            (true, ..) => "HEAD",
            (_, Some(_), _) => "PUT",
            (_, _, Some(_)) => "POST",
            _ => "GET",
        };
        Ok(CurlCommand {
            url: url.text(),
            method: self.method.unwrap_or_else(|| usual.to_owned()),
            headers: without_own_length(headers, body.as_deref())?,
            body,
            insecure: self.is_insecure && url.is_https,
            http2: is_http2,
            cacert: self.cacert.filter(|_| url.is_https),
            unix: self.unix,
            timeout: self.timeout,
            notes: self.notes,
        })
    }

    fn refuse_contradictions(&self) -> Result<(), String> {
        let bodies = [
            (self.data.is_some() && !self.as_query, "-d"),
            (!self.form.is_empty(), "-F"),
            (self.upload.is_some(), "-T"),
            (self.is_head, "-I"),
        ];
        let given: Vec<_> = bodies
            .iter()
            .filter(|(is_given, _)| *is_given)
            .map(|(_, name)| *name)
            .collect();
        match given.as_slice() {
            [] | [_] => Ok(()),
            several => Err(format!(
                "curl takes only one of {} in a request",
                several.join(" and ")
            )),
        }
    }

    /// curl asks to go on (`Expect: 100-continue`) before an upload and before a body above 1 MiB.
    fn refuse_expectation(&self, is_http2: bool, body: Option<&[u8]>) -> Result<(), String> {
        let is_long = body.is_some_and(|body| body.len() > 1 << 20);
        if is_http2 || self.custom("Expect").is_some() || !(is_long || self.upload.is_some()) {
            return Ok(());
        }
        let what = if self.upload.is_some() {
            "-T"
        } else {
            "a body above 1 MiB"
        };
        Err(format!(
            "{what} makes curl send `Expect: 100-continue` and wait, and bodies are sent at once here; add -H 'Expect:', \
             with which curl does so too"
        ))
    }

    fn url(&self) -> Result<CurlUrl, String> {
        match self.urls.as_slice() {
            [] => Err("the curl command names no URL".to_owned()),
            [url] => CurlUrl::parse(url, self.is_literal, self.keeps_dots),
            [first, second, ..] => Err(format!(
                "the curl command names two URLs, {first} and {second}; use --mix"
            )),
        }
    }

    /// The body, and the type that curl gives it.
    fn body(&mut self, url: &mut CurlUrl) -> Result<(Option<String>, Option<Vec<u8>>), String> {
        if let Some(path) = &self.upload {
            if path == "-" || path == "." {
                return Err(
                    "-T - is curl's standard input, which is not read here; name a file".to_owned(),
                );
            }
            let name = Path::new(path).file_name().unwrap_or_default();
            url.append_file_name(&name.to_string_lossy());
            return Ok((None, Some(data::file(path)?)));
        }
        if !self.form.is_empty() {
            let boundary = multipart::boundary(&self.form);
            let body = multipart::encode(&self.form, &boundary);
            // curl puts its boundary behind a type of one's own as well.
            let kind = match self.custom("Content-Type").map(|own| own.value.as_deref()) {
                None => "multipart/form-data".to_owned(),
                Some(Some(kind))
                    if kind.to_ascii_lowercase().starts_with("multipart/form-data") =>
                {
                    kind.to_owned()
                }
                Some(other) => {
                    let other = other.unwrap_or_default();
                    return Err(format!(
                        "-F with -H 'Content-Type: {other}' makes no form of it; leave the header out"
                    ));
                }
            };
            self.headers
                .retain(|own| !own.name.eq_ignore_ascii_case("Content-Type"));
            return Ok((Some(format!("{kind}; boundary={boundary}")), Some(body)));
        }
        let kind = match &self.data {
            Some(_) if !self.is_json => Some("application/x-www-form-urlencoded".to_owned()),
            _ => None,
        };
        Ok((kind, self.data.take()))
    }

    /// curl's own headers, where `-H` does not take their place, and those of `-H`.
    fn all_headers(
        &self,
        url: &CurlUrl,
        kind: Option<String>,
    ) -> Result<Vec<(String, String)>, String> {
        let cookies = (!self.cookies.is_empty()).then(|| self.cookies.join(";"));
        let agent = self
            .user_agent
            .clone()
            .unwrap_or_else(|| USER_AGENT.to_owned());
        let json = self.is_json.then(|| "application/json".to_owned());
        let own = [
            ("Authorization", self.authorization(url)?),
            (
                "Range",
                self.range.as_ref().map(|range| format!("bytes={range}")),
            ),
            ("User-Agent", Some(agent).filter(|agent| !agent.is_empty())),
            ("Accept", json.clone().or_else(|| Some("*/*".to_owned()))),
            (
                "Accept-Encoding",
                self.is_compressed.then(|| CODINGS.to_owned()),
            ),
            (
                "Referer",
                self.referer.clone().filter(|referer| !referer.is_empty()),
            ),
            ("Cookie", cookies),
            ("Content-Type", json.or(kind)),
        ];
        let mut headers = Vec::new();
        for (name, value) in own {
            let Some(value) = value.filter(|_| self.custom(name).is_none()) else {
                continue;
            };
            headers.push(
                values::header(&format!("{name}: {value}"))
                    .map_err(|why| format!("{name}: {why}"))?,
            );
        }
        for custom in &self.headers {
            let taken_out = ["host", "content-length"]
                .iter()
                .find(|own| custom.name.eq_ignore_ascii_case(own));
            match (&custom.value, taken_out) {
                (Some(value), _) => headers.push((custom.name.clone(), value.clone())),
                (None, Some(name)) => {
                    return Err(format!(
                        "-H '{}:' takes {name} out, without which the request cannot be sent",
                        custom.name
                    ));
                }
                (None, None) => {}
            }
        }
        Ok(headers)
    }

    fn authorization(&self, url: &CurlUrl) -> Result<Option<String>, String> {
        if let Some(token) = &self.bearer {
            return Ok(Some(format!("Bearer {token}")));
        }
        let of_url = url.user.as_ref().map(|user| match user.contains(':') {
            true => user.clone(),
            false => format!("{user}:"),
        });
        match self.user.as_ref().or(of_url.as_ref()) {
            Some(user) if user.contains(':') => {
                Ok(Some(format!("Basic {}", base64(user.as_bytes()))))
            }
            Some(user) => Err(format!(
                "-u {user} makes curl ask for the password; write -u {user}:PASSWORD"
            )),
            None => Ok(None),
        }
    }

    fn is_http2(&self, url: &CurlUrl) -> Result<bool, String> {
        match self.version {
            Version::Http1 => Ok(false),
            Version::Http2 => Ok(true),
            Version::Upgrade if url.is_https => Ok(true),
            Version::Upgrade => Err(
                "curl's --http2 upgrades a connection in clear text, which is not carried over; use \
                 --http2-prior-knowledge, or leave it out"
                    .to_owned(),
            ),
        }
    }
}

/// A length of one's own that is the body's is the one that is sent anyway.
fn without_own_length(
    headers: Vec<(String, String)>,
    body: Option<&[u8]>,
) -> Result<Vec<(String, String)>, String> {
    let length = body.map_or(0, <[u8]>::len).to_string();
    let mut kept = Vec::new();
    for (name, value) in headers {
        match name.to_ascii_lowercase().as_str() {
            "content-length" if value == length => {}
            "content-length" => {
                return Err(format!(
                    "-H 'Content-Length: {value}' is not the body's length, {length}; leave it out"
                ));
            }
            "transfer-encoding" => {
                return Err(format!(
                    "-H 'Transfer-Encoding: {value}' is not carried over: bodies are sent with their length"
                ));
            }
            "expect" => {
                return Err(format!(
                    "-H 'Expect: {value}' is not carried over: bodies are sent at once"
                ));
            }
            _ => kept.push((name, value)),
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'a>(command: &'a CurlCommand, name: &str) -> Vec<&'a str> {
        let headers = command.headers.iter();
        headers
            .filter(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    #[test]
    fn a_browsers_command_is_carried_over() {
        let command = parse(
            "curl 'http://host/a?b=1' \\\n -X PUT -H 'accept: text/html' --data-raw $'{\"a\":\"\\u00e9\\n\"}' --compressed -sS",
        )
        .unwrap();
        assert_eq!(
            (command.url.as_str(), command.method.as_str()),
            ("http://host/a?b=1", "PUT")
        );
        assert_eq!(command.body.as_deref(), Some("{\"a\":\"é\n\"}".as_bytes()));
        assert_eq!(header(&command, "accept"), ["text/html"]);
        assert_eq!(
            header(&command, "accept-encoding"),
            ["deflate, gzip, br, zstd"]
        );
        assert_eq!(
            header(&command, "content-type"),
            ["application/x-www-form-urlencoded"]
        );
    }

    #[test]
    fn json_is_joined_without_a_mark_and_typed_once() {
        let command = parse("curl --json '{\"a\":' --json '1}' -H 'accept: text/plain' h").unwrap();
        assert_eq!(command.body.as_deref(), Some(&b"{\"a\":1}"[..]));
        assert_eq!(header(&command, "content-type"), ["application/json"]);
        assert_eq!(header(&command, "accept"), ["text/plain"]);
    }

    #[test]
    fn headers_are_taken_out_emptied_and_replaced() {
        let command = parse("curl h -H 'Accept:' -H 'User-Agent: me' -H 'X-Empty;' -H 'nothing' -d x -H 'content-type:'").unwrap();
        assert_eq!(header(&command, "accept"), [""; 0]);
        assert_eq!(header(&command, "user-agent"), ["me"]);
        assert_eq!(header(&command, "x-empty"), [""]);
        assert_eq!(header(&command, "content-type"), [""; 0]);
        assert_eq!(command.notes.len(), 1);
        let command = parse("curl -kXPOST -m2.5 -u aladdin:opensesame host:80 -A ''").unwrap();
        assert_eq!(command.timeout, Some(Duration::from_millis(2500)));
        assert_eq!(
            header(&command, "authorization"),
            ["Basic YWxhZGRpbjpvcGVuc2VzYW1l"]
        );
        assert_eq!(header(&command, "user-agent"), [""; 0]);
        assert_eq!(command.url, "http://host/");
    }

    #[test]
    fn data_are_posted_or_asked_for() {
        let posted = parse("curl -d a=1 --data-urlencode 'b=2 3' http://h/").unwrap();
        assert_eq!(
            (posted.method.as_str(), posted.body.as_deref()),
            ("POST", Some(&b"a=1&b=2+3"[..]))
        );
        let asked = parse("curl -G -d a=1 --url 'http://h/?x' -d b=2").unwrap();
        assert_eq!(
            (asked.url.as_str(), asked.method.as_str(), asked.body),
            ("http://h/?x&a=1&b=2", "GET", None)
        );
        let form = parse("curl -F a=1 -H 'Content-Type: multipart/form-data' h").unwrap();
        assert!(header(&form, "content-type")[0].starts_with("multipart/form-data; boundary=---"));
        assert_eq!(header(&form, "content-type").len(), 1);
    }

    #[test]
    fn what_cannot_be_carried_over_is_refused_by_name() {
        for (text, name) in [
            ("curl ", "no URL"),
            ("curl --proxy x http://h/", "--proxy"),
            ("curl --digest -u a:b http://h/", "--digest"),
            ("curl http://h/ http://i/", "two URLs"),
            ("curl http://h/ --next http://i/", "--next"),
            ("curl http://h/ -H", "without its value"),
            ("curl -b cookies.txt http://h/", "-b cookies.txt"),
            ("curl -u me http://h/", "password"),
            ("curl -d a -F b=c http://h/", "-d and -F"),
            ("curl -d a -I http://h/", "-d and -I"),
            ("curl --http2 http://h/", "--http2"),
            ("curl -H 'Host:' http://h/", "Host:"),
            (
                "curl -H 'Content-Length: 9' -d a http://h/",
                "Content-Length",
            ),
            (
                "curl -H 'Transfer-Encoding: chunked' -d a http://h/",
                "Transfer-Encoding",
            ),
            ("curl -H @/no/such/file http://h/", "/no/such/file"),
            ("curl -T - http://h/", "-T -"),
            ("curl -F a=1 -H 'Content-Type: a/b' http://h/", "-F with"),
            ("curl -T Cargo.toml http://h/", "-T makes"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(name), "{text}: {error}");
        }
        assert!(is_curl(" curl x") && !is_curl("curly://x") && !is_curl("http://curl"));
    }
}
