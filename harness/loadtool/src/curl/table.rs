//! The table of curl's options, by what becomes of them: nothing, a note, a part of the request, or a refusal.

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
pub(super) struct Row {
    pub(super) long: &'static str,
    pub(super) short: Option<char>,
    pub(super) has_value: bool,
    pub(super) meaning: Meaning,
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
pub(super) const TABLE: &[Row] = &[
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
