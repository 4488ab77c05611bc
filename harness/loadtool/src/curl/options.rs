//! curl's options by what becomes of them here: nothing, a note, a part of the request, or a refusal.

use super::data::DataKind;

/// What becomes of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It shapes only what curl shows, keeps or tries again.
    Harmless,
    /// It is passed over, which the user should know.
    Noted(&'static str),
    /// It is a part of the request or of the way to the server.
    Sent(Sent),
    /// It cannot be carried over, for this reason.
    Refused(&'static str),
}

/// A part of the request or of the way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Basic,
    Bearer,
    CaCert,
    Compressed,
    Cookie,
    Data(DataKind),
    Form,
    FormString,
    Get,
    GlobOff,
    Head,
    Header,
    Http11,
    Http2,
    Http2PriorKnowledge,
    Insecure,
    MaxTime,
    Method,
    PathAsIs,
    Range,
    Referer,
    UnixSocket,
    Upload,
    Url,
    UrlQuery,
    User,
    UserAgent,
}

/// One option of curl.
#[derive(Debug, Clone, Copy)]
struct Row {
    long: &'static str,
    short: Option<char>,
    has_value: bool,
    meaning: Meaning,
}

const fn flag(long: &'static str, short: Option<char>, meaning: Meaning) -> Row {
    Row {
        long,
        short,
        has_value: false,
        meaning,
    }
}

const fn value(long: &'static str, short: Option<char>, meaning: Meaning) -> Row {
    Row {
        long,
        short,
        has_value: true,
        meaning,
    }
}

use Meaning::{Harmless, Noted, Refused};

const TLS_OWN: &str = "the load driver chooses TLS by itself; --cacert, -k and --sni are there";
const REACH: &str =
    "it changes how the server is reached; write the address into the URL, and -H 'Host: NAME'";
const PROXY: &str = "the load driver goes to the server itself and knows no proxy";
const SIGN_IN: &str = "it needs an earlier answer or a file of passwords; -u NAME:PASSWORD, --oauth2-bearer and -H \
                       'Authorization: …' are there";
const KEPT: &str = "it keeps or compares what earlier answers said, and a load driver forgets them";

/// Options of curl 7.88 to 8.x (curl(1)). What is not here is refused as unknown.
const TABLE: &[Row] = &[
    // The request.
    value("url", None, Meaning::Sent(Sent::Url)),
    value("request", Some('X'), Meaning::Sent(Sent::Method)),
    flag("head", Some('I'), Meaning::Sent(Sent::Head)),
    value("header", Some('H'), Meaning::Sent(Sent::Header)),
    value("user-agent", Some('A'), Meaning::Sent(Sent::UserAgent)),
    value("referer", Some('e'), Meaning::Sent(Sent::Referer)),
    value("cookie", Some('b'), Meaning::Sent(Sent::Cookie)),
    value("user", Some('u'), Meaning::Sent(Sent::User)),
    flag("basic", None, Meaning::Sent(Sent::Basic)),
    value("oauth2-bearer", None, Meaning::Sent(Sent::Bearer)),
    value("range", Some('r'), Meaning::Sent(Sent::Range)),
    flag("compressed", None, Meaning::Sent(Sent::Compressed)),
    value("data", Some('d'), Meaning::Sent(Sent::Data(DataKind::Text))),
    value(
        "data-ascii",
        None,
        Meaning::Sent(Sent::Data(DataKind::Text)),
    ),
    value(
        "data-binary",
        None,
        Meaning::Sent(Sent::Data(DataKind::Binary)),
    ),
    value("data-raw", None, Meaning::Sent(Sent::Data(DataKind::Raw))),
    value(
        "data-urlencode",
        None,
        Meaning::Sent(Sent::Data(DataKind::UrlEncoded)),
    ),
    value("json", None, Meaning::Sent(Sent::Data(DataKind::Json))),
    flag("get", Some('G'), Meaning::Sent(Sent::Get)),
    value("url-query", None, Meaning::Sent(Sent::UrlQuery)),
    value("form", Some('F'), Meaning::Sent(Sent::Form)),
    value("form-string", None, Meaning::Sent(Sent::FormString)),
    value("upload-file", Some('T'), Meaning::Sent(Sent::Upload)),
    flag("globoff", Some('g'), Meaning::Sent(Sent::GlobOff)),
    flag("path-as-is", None, Meaning::Sent(Sent::PathAsIs)),
    // The way to the server.
    flag("insecure", Some('k'), Meaning::Sent(Sent::Insecure)),
    value("cacert", None, Meaning::Sent(Sent::CaCert)),
    value("unix-socket", None, Meaning::Sent(Sent::UnixSocket)),
    value("max-time", Some('m'), Meaning::Sent(Sent::MaxTime)),
    flag("http1.1", None, Meaning::Sent(Sent::Http11)),
    flag("http2", None, Meaning::Sent(Sent::Http2)),
    flag(
        "http2-prior-knowledge",
        None,
        Meaning::Sent(Sent::Http2PriorKnowledge),
    ),
    // Passed over, and said.
    flag(
        "location",
        Some('L'),
        Noted("redirects are never followed: the answer is measured"),
    ),
    flag(
        "location-trusted",
        None,
        Noted("redirects are never followed: the answer is measured"),
    ),
    value(
        "limit-rate",
        None,
        Noted("requests are sent and answers read at full speed"),
    ),
    value("rate", None, Noted("-r gives the rate of gosweep load")),
    flag(
        "parallel",
        Some('Z'),
        Noted("-c gives the connections of gosweep load"),
    ),
    value(
        "parallel-max",
        None,
        Noted("-c gives the connections of gosweep load"),
    ),
    flag("parallel-immediate", None, Harmless),
    value("max-filesize", None, Noted("answers of any size are read")),
    flag(
        "ipv4",
        Some('4'),
        Noted("the first address that answers is used"),
    ),
    flag(
        "ipv6",
        Some('6'),
        Noted("the first address that answers is used"),
    ),
    // What curl shows.
    flag("silent", Some('s'), Harmless),
    flag("show-error", Some('S'), Harmless),
    flag("verbose", Some('v'), Harmless),
    flag("include", Some('i'), Harmless),
    flag("show-headers", None, Harmless),
    flag("no-buffer", Some('N'), Harmless),
    flag("buffer", None, Harmless),
    flag("progress-bar", Some('#'), Harmless),
    flag("progress-meter", None, Harmless),
    flag("styled-output", None, Harmless),
    flag("suppress-connect-headers", None, Harmless),
    flag("raw", None, Harmless),
    value("write-out", Some('w'), Harmless),
    value("stderr", None, Harmless),
    value("trace", None, Harmless),
    value("trace-ascii", None, Harmless),
    value("trace-config", None, Harmless),
    flag("trace-ids", None, Harmless),
    flag("trace-time", None, Harmless),
    value("libcurl", None, Harmless),
    // What curl keeps.
    value("output", Some('o'), Harmless),
    value("output-dir", None, Harmless),
    flag("remote-name", Some('O'), Harmless),
    flag("remote-name-all", None, Harmless),
    flag("remote-header-name", Some('J'), Harmless),
    flag("remote-time", Some('R'), Harmless),
    flag("remove-on-error", None, Harmless),
    flag("clobber", None, Harmless),
    flag("create-dirs", None, Harmless),
    value("create-file-mode", None, Harmless),
    flag("xattr", None, Harmless),
    value("dump-header", Some('D'), Harmless),
    value("cookie-jar", Some('c'), Harmless),
    flag("junk-session-cookies", Some('j'), Harmless),
    value("etag-save", None, Harmless),
    // When curl fails, tries again or gives up.
    flag("fail", Some('f'), Harmless),
    flag("fail-early", None, Harmless),
    flag("fail-with-body", None, Harmless),
    value("connect-timeout", None, Harmless),
    value("expect100-timeout", None, Harmless),
    value("happy-eyeballs-timeout-ms", None, Harmless),
    value("keepalive-time", None, Harmless),
    flag("keepalive", None, Harmless),
    flag("tcp-nodelay", None, Harmless),
    flag("tcp-fastopen", None, Harmless),
    value("retry", None, Harmless),
    value("retry-delay", None, Harmless),
    value("retry-max-time", None, Harmless),
    flag("retry-all-errors", None, Harmless),
    flag("retry-connrefused", None, Harmless),
    value("speed-limit", Some('Y'), Harmless),
    value("speed-time", Some('y'), Harmless),
    value("max-redirs", None, Harmless),
    flag("post301", None, Harmless),
    flag("post302", None, Harmless),
    flag("post303", None, Harmless),
    value("proto", None, Harmless),
    value("proto-redir", None, Harmless),
    flag("http0.9", None, Harmless),
    flag("ignore-content-length", None, Harmless),
    flag("disallow-username-in-url", None, Harmless),
    flag("disable", Some('q'), Harmless),
    value("noproxy", None, Harmless),
    flag("tlsv1", Some('1'), Harmless),
    flag("tlsv1.0", None, Harmless),
    flag("tlsv1.1", None, Harmless),
    flag("tlsv1.2", None, Harmless),
    flag("ssl", None, Harmless),
    flag("ssl-reqd", None, Harmless),
    flag("ssl-no-revoke", None, Harmless),
    flag("ssl-revoke-best-effort", None, Harmless),
    flag("ssl-allow-beast", None, Harmless),
    flag("sessionid", None, Harmless),
    // Refused.
    flag(
        "next",
        Some(':'),
        Refused("it begins another request; write the requests into a file for --mix"),
    ),
    value(
        "config",
        Some('K'),
        Refused("options from a file are not read; write them out"),
    ),
    value(
        "variable",
        None,
        Refused("curl's variables are not put in; write the value"),
    ),
    value(
        "request-target",
        None,
        Refused("write the path into the URL"),
    ),
    value(
        "time-cond",
        Some('z'),
        Refused("write the header that it stands for, -H 'If-Modified-Since: …'"),
    ),
    value(
        "continue-at",
        Some('C'),
        Refused("write the range, -r FROM-"),
    ),
    flag(
        "crlf",
        None,
        Refused("it changes the body as it is sent; send the file as it shall be"),
    ),
    flag(
        "use-ascii",
        Some('B'),
        Refused("it changes the body as it is sent; send the file as it shall be"),
    ),
    flag(
        "form-escape",
        None,
        Refused("names of fields are percent-encoded"),
    ),
    flag(
        "tr-encoding",
        None,
        Refused("compressed transfer codings are not read"),
    ),
    flag(
        "http1.0",
        Some('0'),
        Refused("the load driver speaks HTTP/1.1 and HTTP/2"),
    ),
    flag(
        "http3",
        None,
        Refused("the load driver speaks HTTP/1.1 and HTTP/2"),
    ),
    flag(
        "http3-only",
        None,
        Refused("the load driver speaks HTTP/1.1 and HTTP/2"),
    ),
    value("etag-compare", None, Refused(KEPT)),
    value("hsts", None, Refused(KEPT)),
    value("alt-svc", None, Refused(KEPT)),
    flag("netrc", Some('n'), Refused(SIGN_IN)),
    flag("netrc-optional", None, Refused(SIGN_IN)),
    value("netrc-file", None, Refused(SIGN_IN)),
    flag("anyauth", None, Refused(SIGN_IN)),
    flag("digest", None, Refused(SIGN_IN)),
    flag("negotiate", None, Refused(SIGN_IN)),
    flag("ntlm", None, Refused(SIGN_IN)),
    value(
        "aws-sigv4",
        None,
        Refused("it signs each request by its time; write headers that were signed"),
    ),
    value("resolve", None, Refused(REACH)),
    value("connect-to", None, Refused(REACH)),
    value("interface", None, Refused(REACH)),
    value("local-port", None, Refused(REACH)),
    value("abstract-unix-socket", None, Refused(REACH)),
    value("doh-url", None, Refused(REACH)),
    value("dns-servers", None, Refused(REACH)),
    value(
        "proto-default",
        None,
        Refused("write the scheme into the URL"),
    ),
    flag("haproxy-protocol", None, Refused(REACH)),
    value("proxy", Some('x'), Refused(PROXY)),
    value("preproxy", None, Refused(PROXY)),
    value("proxy-user", Some('U'), Refused(PROXY)),
    value("proxy-header", None, Refused(PROXY)),
    flag("proxytunnel", Some('p'), Refused(PROXY)),
    value("socks4", None, Refused(PROXY)),
    value("socks5", None, Refused(PROXY)),
    value("socks5-hostname", None, Refused(PROXY)),
    value(
        "cert",
        Some('E'),
        Refused("the load driver shows no certificate of its own"),
    ),
    value(
        "key",
        None,
        Refused("the load driver shows no certificate of its own"),
    ),
    value("capath", None, Refused(TLS_OWN)),
    value("ciphers", None, Refused(TLS_OWN)),
    value("tls13-ciphers", None, Refused(TLS_OWN)),
    value("tls-max", None, Refused(TLS_OWN)),
    flag("tlsv1.3", None, Refused(TLS_OWN)),
    flag("alpn", None, Refused(TLS_OWN)),
    value("pinnedpubkey", None, Refused(TLS_OWN)),
    flag("cert-status", None, Refused(TLS_OWN)),
    flag(
        "help",
        Some('h'),
        Refused("it asks curl about itself and sends nothing"),
    ),
    flag(
        "manual",
        Some('M'),
        Refused("it asks curl about itself and sends nothing"),
    ),
    flag(
        "version",
        Some('V'),
        Refused("it asks curl about itself and sends nothing"),
    ),
];

/// One option as it stands in a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    /// As it was written, for messages.
    pub(super) name: String,
    pub(super) meaning: Meaning,
    /// Empty for a flag.
    pub(super) value: String,
    /// False for `--no-…`.
    pub(super) is_on: bool,
}

/// The options of a command, in their order; words by themselves are URLs.
///
/// # Errors
/// An option that curl has not, and one that stands without its value.
pub(super) fn read(words: Vec<String>) -> Result<Vec<Given>, String> {
    let mut words = words.into_iter();
    let mut given = Vec::new();
    let mut only_urls = false;
    while let Some(word) = words.next() {
        if only_urls || word == "-" || !word.starts_with('-') {
            given.push(Given {
                name: String::new(),
                meaning: Meaning::Sent(Sent::Url),
                value: word,
                is_on: true,
            });
        } else if word == "--" {
            only_urls = true;
        } else if let Some(long) = word.strip_prefix("--") {
            given.push(long_option(long, &mut words)?);
        } else {
            short_options(&word[1..], &mut words, &mut given)?;
        }
    }
    Ok(given)
}

fn long_option(long: &str, words: &mut impl Iterator<Item = String>) -> Result<Given, String> {
    let find = |name: &str| TABLE.iter().find(|row| row.long == name);
    let name = format!("--{long}");
    let (row, is_on) = match (find(long), long.strip_prefix("no-").and_then(find)) {
        (Some(row), _) => (row, true),
        (None, Some(row)) if !row.has_value => (row, false),
        _ => return Err(unknown(&name)),
    };
    Ok(Given {
        meaning: row.meaning,
        value: if row.has_value {
            next_value(&name, words)?
        } else {
            String::new()
        },
        name,
        is_on,
    })
}

/// `-sSXPOST`: flags, of which the last may have a value behind it or in the next word.
fn short_options(
    letters: &str,
    words: &mut impl Iterator<Item = String>,
    given: &mut Vec<Given>,
) -> Result<(), String> {
    for (at, letter) in letters.char_indices() {
        let name = format!("-{letter}");
        let row = TABLE
            .iter()
            .find(|row| row.short == Some(letter))
            .ok_or_else(|| unknown(&name))?;
        let rest = &letters[at + letter.len_utf8()..];
        let value = match (row.has_value, rest) {
            (false, _) => String::new(),
            (true, "") => next_value(&name, words)?,
            (true, rest) => rest.to_owned(),
        };
        given.push(Given {
            name,
            meaning: row.meaning,
            value,
            is_on: true,
        });
        if row.has_value {
            break;
        }
    }
    Ok(())
}

fn next_value(name: &str, words: &mut impl Iterator<Item = String>) -> Result<String, String> {
    words
        .next()
        .ok_or_else(|| format!("curl's {name} stands without its value"))
}

fn unknown(name: &str) -> String {
    format!(
        "curl's {name} is not known and cannot be carried over; leave it out, or use the options of gosweep load"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names(text: &str) -> Vec<(String, String)> {
        let words = text.split(' ').map(str::to_owned).collect();
        let given = read(words).unwrap().into_iter();
        given.map(|given| (given.name, given.value)).collect()
    }

    #[test]
    fn short_options_stand_together_or_with_their_value() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            names("-sSXPOST -m 2"),
            [
                pair("-s", ""),
                pair("-S", ""),
                pair("-X", "POST"),
                pair("-m", "2")
            ]
        );
        assert_eq!(
            names("--no-buffer -d@f h -- -x"),
            [
                pair("--no-buffer", ""),
                pair("-d", "@f"),
                pair("", "h"),
                pair("", "-x")
            ]
        );
        assert!(!read(vec!["--no-compressed".into()]).unwrap()[0].is_on);
    }

    #[test]
    fn what_curl_has_not_is_refused_by_name() {
        for word in ["--datas", "--data=x", "--no-data", "-W"] {
            assert!(
                read(vec![word.into()])
                    .unwrap_err()
                    .contains(word.split('=').next().unwrap()),
                "{word}"
            );
        }
        assert!(
            read(vec!["-sH".into()])
                .unwrap_err()
                .contains("-H stands without")
        );
    }

    #[test]
    fn no_option_stands_twice() {
        let longs: BTreeSet<_> = TABLE.iter().map(|row| row.long).collect();
        assert_eq!(longs.len(), TABLE.len());
        let shorts: Vec<_> = TABLE.iter().filter_map(|row| row.short).collect();
        assert_eq!(shorts.iter().collect::<BTreeSet<_>>().len(), shorts.len());
    }
}
