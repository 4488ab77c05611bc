//! URLs as curl takes them.

use super::data::{decoded, escaped};

/// A URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CurlUrl {
    pub(super) is_https: bool,
    /// Name and password of `http://NAME:PASSWORD@HOST`.
    pub(super) user: Option<String>,
    /// As the Host header has it: without the scheme's own port.
    pub(super) authority: String,
    pub(super) path: String,
    pub(super) query: Option<String>,
}

impl CurlUrl {
    /// Reads a URL. `is_literal` is `--globoff`, `keeps_dots` is `--path-as-is`.
    ///
    /// # Errors
    /// What curl would make several requests of, or not take at all.
    pub(super) fn parse(text: &str, is_literal: bool, keeps_dots: bool) -> Result<Self, String> {
        if let Some(c) = text.chars().find(|c| c.is_whitespace() || c.is_control()) {
            return Err(format!(
                "the URL holds {c:?}, which curl refuses; write it as %{:02X}",
                c as u32
            ));
        }
        if !text.is_ascii() {
            return Err(format!(
                "the URL {text} is not ASCII; percent-encode what is not"
            ));
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let is_https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            other => return Err(format!("{other}:// is not HTTP: write http:// or https://")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if !is_literal {
            refuse_globs(authority, target)?;
        }
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(decoded(user)?), host),
            None => (None, authority),
        };
        let own_port = if is_https { ":443" } else { ":80" };
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        refuse_unsendable(path, query.as_deref().unwrap_or_default())?;
        let path = match path {
            "" => "/".to_owned(),
            dots if keeps_dots => dots.to_owned(),
            path => without_dots(path),
        };
        Ok(Self {
            is_https,
            user,
            authority: host.strip_suffix(own_port).unwrap_or(host).to_owned(),
            path,
            query,
        })
    }

    /// Appends to the query, as `-G` and `--url-query` do; curl writes its percent-encoding in lower case there.
    pub(super) fn append_query(&mut self, more: &str) {
        let more = &with_small_codes(more);
        self.query = Some(match self.query.take().filter(|query| !query.is_empty()) {
            Some(query) => format!("{query}&{more}"),
            None => more.to_owned(),
        });
    }

    /// The name of the file that is uploaded goes behind a URL that names a folder.
    pub(super) fn append_file_name(&mut self, name: &str) {
        if self.path.ends_with('/') && self.query.is_none() {
            self.path.push_str(&escaped(name.as_bytes()));
        }
    }

    pub(super) fn text(&self) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        let query = self.query.as_ref().map(|query| format!("?{query}"));
        format!(
            "{scheme}://{}{}{}",
            self.authority,
            self.path,
            query.unwrap_or_default()
        )
    }
}

/// What curl sends as it is and no server need take (RFC 3986, section 2).
fn refuse_unsendable(path: &str, query: &str) -> Result<(), String> {
    let in_path = path.chars().find(|c| "<>`".contains(*c));
    match in_path.or_else(|| query.chars().find(|c| "\"<>".contains(*c))) {
        Some(c) => Err(format!(
            "the URL holds {c:?}, which no URL may; write it as %{:02X}, or give it with -G --data-urlencode",
            c as u32
        )),
        None => Ok(()),
    }
}

fn with_small_codes(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece
            .bytes()
            .take(2)
            .take_while(u8::is_ascii_hexdigit)
            .count();
        let code = if digits == 2 { 2 } else { 0 };
        out.push('%');
        out.push_str(&piece[..code].to_ascii_lowercase());
        out.push_str(&piece[code..]);
    }
    out
}

/// `{a,b}` and `[1-3]` make curl send several requests.
fn refuse_globs(authority: &str, target: &str) -> Result<(), String> {
    // `[::1]` is an address.
    let host = if authority.contains("[") && authority.contains("]") && authority.contains(':') {
        ""
    } else {
        authority
    };
    let mark = [host, target].into_iter().find_map(|part| {
        let at = part.find(['{', '}', '[', ']'])?;
        let end = part[at..]
            .find(['}', ']'])
            .map_or(part.len(), |end| at + end + 1);
        Some(&part[at..end])
    });
    match mark {
        Some(mark) => Err(format!(
            "`{mark}` in the URL is a glob, of which curl makes several requests: write them into a file for --mix, or \
             add -g where it is meant literally"
        )),
        None => Ok(()),
    }
}

/// RFC 3986, section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (at, segment) in segments.iter().enumerate() {
        let is_last = at + 1 == segments.len();
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    out.pop();
                }
                if is_last {
                    out.push("");
                }
            }
            other => out.push(other),
        }
    }
    format!("/{}", out.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        CurlUrl::parse(text, false, false).unwrap().text()
    }

    #[test]
    fn urls_are_completed_as_curl_does() {
        for (given, sent) in [
            ("h:8080", "http://h:8080/"),
            ("http://h:8080?x", "http://h:8080/?x"),
            ("HTTP://h:80/a#b", "http://h/a"),
            ("https://h:443/a?b#c", "https://h/a?b"),
            ("http://h/a/./b/../c", "http://h/a/c"),
            ("http://h/a/..", "http://h/"),
            ("http://h/?a=../b", "http://h/?a=../b"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
        ] {
            assert_eq!(shown(given), sent, "{given}");
        }
        let with_user = CurlUrl::parse("http://me:p%40ss@h/", false, false).unwrap();
        assert_eq!(
            (with_user.user.as_deref(), with_user.text().as_str()),
            (Some("me:p@ss"), "http://h/")
        );
        assert_eq!(
            CurlUrl::parse("http://h/a/../b", true, true).unwrap().path,
            "/a/../b"
        );
    }

    #[test]
    fn queries_are_appended() {
        for (given, sent) in [
            ("http://h/", "http://h/?a=1"),
            ("http://h/?b", "http://h/?b&a=1"),
            ("http://h/?", "http://h/?a=1"),
        ] {
            let mut url = CurlUrl::parse(given, false, false).unwrap();
            url.append_query("a=1");
            assert_eq!(url.text(), sent);
        }
        let mut url = CurlUrl::parse("http://h/?A=%3D", false, false).unwrap();
        url.append_query("B=%3D%zz%C3%A9%4");
        assert_eq!(url.text(), "http://h/?A=%3D&B=%3d%zz%c3%a9%4");
    }

    #[test]
    fn globs_and_what_is_no_url_are_refused_by_name() {
        for (text, name) in [
            ("http://h/[1-3]", "`[1-3]`"),
            ("http://h/{a,b}/c", "`{a,b}`"),
            ("http://h/?match[]=up", "`[]`"),
            ("http://{a,b}/", "`{a,b}`"),
            ("http://h/a b", "' '"),
            ("http://h/?a=\"b\"", "%22"),
            ("http://h/<a>", "%3C"),
            ("http://h/é", "ASCII"),
            ("ftp://h/", "ftp://"),
        ] {
            let error = CurlUrl::parse(text, false, false).unwrap_err();
            assert!(error.contains(name), "{text}: {error}");
        }
        assert!(CurlUrl::parse("http://h/?match[]=up", true, false).is_ok());
    }
}
