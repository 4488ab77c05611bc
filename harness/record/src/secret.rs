//! What must not be kept or shown: the values of headers such as `Authorization`, passwords in URLs, and parameters
//! such as `access_token`. What a name says of its value is all that can be known here, so rather too much is taken out.

use std::borrow::Cow;

/// What stands in a secret's place. A plain word, so that it can stand in a URL, in YAML and on a command line.
pub const REDACTED: &str = "REDACTED";

/// Words of a header's name, between dashes, whose values are secret.
const HEADER_WORDS: &[&str] = &[
    "authorization",
    "auth",
    "cookie",
    "cookie2",
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "key",
    "apikey",
    "credential",
    "credentials",
    "session",
    "sessionid",
    "signature",
    "jwt",
    "bearer",
];

/// Parameters whose values are secret by their whole name, in small letters and digits only.
const PARAMETERS: &[&str] = &[
    "auth",
    "authorization",
    "bearer",
    "code",
    "jwt",
    "key",
    "pass",
    "passphrase",
    "passwd",
    "pw",
    "pwd",
    "session",
    "sessionid",
    "sid",
    "sig",
];

/// What a parameter of that kind has in its name.
const PARAMETER_PARTS: &[&str] = &[
    "token",
    "secret",
    "password",
    "passwd",
    "signature",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
];

/// Whether the values of this header are secret.
pub fn is_secret_header(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| {
            HEADER_WORDS.contains(&word) || word.ends_with("token") || word.ends_with("apikey")
        })
}

/// Whether the values of this query or form parameter are secret.
pub fn is_secret_parameter(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    PARAMETERS.contains(&plain.as_str()) || PARAMETER_PARTS.iter().any(|part| plain.contains(part))
}

/// `Name: value` with a secret value taken out.
pub fn header_line(line: &str) -> Cow<'_, str> {
    match line.split_once(':') {
        Some((name, value)) if is_secret_header(name) && !value.trim().is_empty() => {
            Cow::Owned(format!("{name}: {REDACTED}"))
        }
        _ => text(line),
    }
}

/// A URL, or a path with its query, without the password or token before the host and without secret parameters.
pub fn url(url: &str) -> Cow<'_, str> {
    let redacted = without_parameters(&without_user(url));
    if redacted == url {
        Cow::Borrowed(url)
    } else {
        Cow::Owned(redacted)
    }
}

fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    let Some((user, host)) = authority.rsplit_once('@') else {
        return url.to_owned();
    };
    match user.split_once(':') {
        Some((name, _)) => format!("{scheme}://{name}:{REDACTED}@{host}{behind}"),
        // Alone before a host stands a token as often as a name.
        None => format!("{scheme}://{REDACTED}@{host}{behind}"),
    }
}

fn without_parameters(url: &str) -> String {
    let Some(start) = url.find(['?', '#']) else {
        return url.to_owned();
    };
    let (before, query) = url.split_at(start);
    before.to_owned() + &parameters(query)
}

/// `a=b&token=c` with secret values taken out; `?`, `#`, `&` and `;` separate.
fn parameters(query: &str) -> String {
    query
        .split_inclusive(['?', '#', '&', ';'])
        .map(|part| {
            let (pair, end) = match part.strip_suffix(['?', '#', '&', ';']) {
                Some(pair) => (pair, &part[pair.len()..]),
                None => (part, ""),
            };
            match pair.split_once('=') {
                Some((name, value)) if !value.is_empty() && is_secret_parameter(name) => {
                    format!("{name}={REDACTED}{end}")
                }
                _ => part.to_owned(),
            }
        })
        .collect()
}

/// Any text with the secrets of the URLs and paths in it taken out.
pub fn text(text: &str) -> Cow<'_, str> {
    if !text.contains("://") && !text.contains('?') {
        return Cow::Borrowed(text);
    }
    let is_end = |c: char| c.is_whitespace() || "\"'`<>|".contains(c);
    let redacted: String = text
        .split_inclusive(is_end)
        .map(|word| {
            let end = word
                .chars()
                .last()
                .filter(|c| is_end(*c))
                .map_or(0, char::len_utf8);
            let (word, end) = word.split_at(word.len() - end);
            format!("{}{end}", url(word))
        })
        .collect();
    if redacted == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(redacted)
    }
}

/// A command line without its secrets: those of URLs, headers of `-H`, users of `-u`, cookies of `--cookie`, also
/// where a whole curl command is one of the words.
pub fn arguments(words: &[String]) -> Vec<String> {
    let mut redacted = Vec::with_capacity(words.len());
    let mut before: Option<Kind> = None;
    for word in words {
        let kind = before.take();
        redacted.push(match kind {
            Some(kind) => kind.redacted(word),
            None => option(word, &mut before).unwrap_or_else(|| whole_word(word)),
        });
    }
    redacted
}

/// What follows an option.
#[derive(Clone, Copy)]
enum Kind {
    Header,
    Secret,
}

/// Options whose values are headers or secrets; those of one letter may have their value joined on.
const OPTIONS: &[(&str, Kind)] = &[
    ("-H", Kind::Header),
    ("--header", Kind::Header),
    ("--proxy-header", Kind::Header),
    ("-u", Kind::Secret),
    ("--user", Kind::Secret),
    ("-U", Kind::Secret),
    ("--proxy-user", Kind::Secret),
    ("--cookie", Kind::Secret),
    ("--oauth2-bearer", Kind::Secret),
    ("--pass", Kind::Secret),
    ("--aws-sigv4", Kind::Secret),
];

impl Kind {
    fn redacted(self, value: &str) -> String {
        match self {
            Kind::Header => header_line(value).into_owned(),
            Kind::Secret => REDACTED.to_owned(),
        }
    }
}

/// A word that is such an option, with its value or before it.
fn option(word: &str, next: &mut Option<Kind>) -> Option<String> {
    for (name, kind) in OPTIONS {
        let Some(value) = word.strip_prefix(name) else {
            continue;
        };
        let is_long = name.starts_with("--");
        return match value.strip_prefix('=') {
            _ if value.is_empty() => {
                *next = Some(*kind);
                Some(word.to_owned())
            }
            Some(value) => Some(format!("{name}={}", kind.redacted(value))),
            None if is_long => continue,
            None => Some(format!("{name}{}", kind.redacted(value))),
        };
    }
    None
}

fn whole_word(word: &str) -> String {
    let is_command = word.trim_start().starts_with("curl") && word.contains(char::is_whitespace);
    if is_command {
        REDACTED_COMMAND.to_owned()
    } else {
        text(word).into_owned()
    }
}

/// A curl command may hold a secret in any of some two hundred options, quoted in any way of a shell.
const REDACTED_COMMAND: &str = "curl REDACTED";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_secret() {
        for name in [
            "Authorization",
            "proxy-authorization",
            "Cookie",
            "Set-Cookie",
            "X-Api-Key",
            "x-apikey",
            "X-Auth-Token",
            "X-Amz-Security-Token",
            "X-Vault-Token",
            "X-CSRFToken",
            "Ocp-Apim-Subscription-Key",
            "X_SECRET",
        ] {
            assert!(is_secret_header(name), "{name}");
        }
        for name in [
            "Accept",
            "Content-Type",
            "Host",
            "User-Agent",
            "X-Author",
            "Keep-Alive",
            "Traceparent",
        ] {
            assert!(!is_secret_header(name), "{name}");
        }
        for name in [
            "access_token",
            "api_key",
            "apiKey",
            "key",
            "token",
            "sig",
            "password",
            "X-Amz-Signature",
            "client_secret",
        ] {
            assert!(is_secret_parameter(name), "{name}");
        }
        for name in ["q", "page", "monkey", "keyword", "author", "design"] {
            assert!(!is_secret_parameter(name), "{name}");
        }
    }

    #[test]
    fn urls_lose_their_secrets() {
        for (given, shown) in [
            ("http://u:p@h/", "http://u:REDACTED@h/"),
            ("http://u:p@x@h:1/a?b=@", "http://u:REDACTED@h:1/a?b=@"),
            ("https://ghp_1@h", "https://REDACTED@h"),
            (
                "http://h/?a=1&access_token=s&b=2",
                "http://h/?a=1&access_token=REDACTED&b=2",
            ),
            (
                "/x?key=s;sig=t#token=u",
                "/x?key=REDACTED;sig=REDACTED#token=REDACTED",
            ),
            ("http://h/a@b", "http://h/a@b"),
            ("/x?a=b", "/x?a=b"),
        ] {
            assert_eq!(url(given), shown, "{given}");
        }
        assert_eq!(
            text("cannot use `http://u:p@h/`: 'GET /x?token=s' failed"),
            "cannot use `http://u:REDACTED@h/`: 'GET /x?token=REDACTED' failed"
        );
    }

    #[test]
    fn command_lines_lose_their_secrets() {
        let given = [
            "gosweep",
            "load",
            "http://u:hush@h/?token=hush",
            "-H",
            "Authorization: Bearer hush",
            "-HCookie: hush",
            "--header=X-Api-Key:hush",
            "-H",
            "Accept: a",
            "-u",
            "me:hush",
            "curl -H 'Authorization: hush' http://h/",
            "--out",
            "x",
        ]
        .map(str::to_owned);
        let shown = arguments(&given);
        assert!(!shown.join(" ").contains("hush"), "{shown:?}");
        for kept in [
            "load",
            "Accept: a",
            "--out",
            "x",
            "http://u:REDACTED@h/?token=REDACTED",
        ] {
            assert!(shown.iter().any(|word| word == kept), "{kept}: {shown:?}");
        }
        assert_eq!(shown.len(), given.len());
    }
}
