//! Reads a `curl …` command, as browsers and API documentation give them out.
//!
//! The main function is [`parse`]. Options that only shape curl's output are passed over; those
//! that would change what is sent and are not known are refused, never ignored.

use std::path::PathBuf;
use std::time::Duration;

use crate::shell_words::split;
use crate::values;

/// What a curl command asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CurlCommand {
    pub(crate) url: String,
    pub(crate) method: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<CurlBody>,
    pub(crate) insecure: bool,
    pub(crate) http2: bool,
    pub(crate) cacert: Option<PathBuf>,
    pub(crate) unix: Option<PathBuf>,
    pub(crate) timeout: Option<Duration>,
    /// Options that were passed over although they change what curl does.
    pub(crate) ignored: Vec<&'static str>,
}

/// The body of a curl command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CurlBody {
    Text(String),
    File(PathBuf),
}

/// Whether `text` is a curl command rather than a URL.
pub(crate) fn is_curl(text: &str) -> bool {
    text.trim_start()
        .strip_prefix("curl")
        .is_some_and(|rest| rest.starts_with(char::is_whitespace))
}

/// Reads a curl command.
///
/// # Errors
/// What cannot be carried over, with the cure.
pub(crate) fn parse(text: &str) -> Result<CurlCommand, String> {
    let words = split(text)?;
    let mut reader = Reader {
        words: words.into_iter().skip(1),
        pending: None,
    };
    let mut command = CurlCommand::default();
    let mut data = Vec::new();
    let mut as_query = false;
    while let Some(option) = reader.next_option()? {
        match option.as_str() {
            "-G" | "--get" => as_query = true,
            "-d" | "--data" | "--data-ascii" | "--data-raw" | "--data-binary" | "--json" => {
                let value = reader.value(&option)?;
                if option == "--json" {
                    add_default(&mut command.headers, "Content-Type", "application/json");
                    add_default(&mut command.headers, "Accept", "application/json");
                }
                match value.strip_prefix('@').filter(|_| option != "--data-raw") {
                    Some(path) => command.body = Some(CurlBody::File(path.into())),
                    None => data.push(value),
                }
            }
            _ => simple_option(&mut command, &option, &mut reader)?,
        }
    }
    take_data(&mut command, data, as_query)?;
    if command.url.is_empty() {
        return Err("the curl command names no URL".to_owned());
    }
    Ok(command)
}

fn simple_option(
    command: &mut CurlCommand,
    option: &str,
    reader: &mut Reader,
) -> Result<(), String> {
    match option {
        "--url" | "" => {
            let url = reader.value(option)?;
            if !command.url.is_empty() {
                return Err(format!(
                    "the curl command names two URLs, {} and {url}; use --mix",
                    command.url
                ));
            }
            // curl takes http where no scheme is given.
            command.url = if url.contains("://") {
                url
            } else {
                format!("http://{url}")
            };
        }
        "-X" | "--request" => command.method = Some(values::method(&reader.value(option)?)?),
        "-I" | "--head" => command.method = Some("HEAD".to_owned()),
        "-H" | "--header" => command
            .headers
            .push(values::header(&reader.value(option)?)?),
        "-A" | "--user-agent" => command
            .headers
            .push(("User-Agent".to_owned(), reader.value(option)?)),
        "-e" | "--referer" => command
            .headers
            .push(("Referer".to_owned(), reader.value(option)?)),
        "-b" | "--cookie" => command
            .headers
            .push(("Cookie".to_owned(), reader.value(option)?)),
        "-u" | "--user" => {
            let value = format!("Basic {}", base64(reader.value(option)?.as_bytes()));
            command.headers.push(("Authorization".to_owned(), value));
        }
        "--compressed" => add_default(&mut command.headers, "Accept-Encoding", "gzip"),
        "-k" | "--insecure" => command.insecure = true,
        "--http2" | "--http2-prior-knowledge" => command.http2 = true,
        "--http1.1" => command.http2 = false,
        "--cacert" => command.cacert = Some(reader.value(option)?.into()),
        "--unix-socket" => command.unix = Some(reader.value(option)?.into()),
        "-m" | "--max-time" => {
            let seconds = reader.value(option)?;
            let duration = values::duration(&format!("{seconds}s"));
            command.timeout = Some(duration.map_err(|why| format!("{option} {seconds}: {why}"))?);
        }
        "-L" | "--location" => command
            .ignored
            .push("-L (redirects are never followed: the answer is measured)"),
        "-s" | "--silent" | "-S" | "--show-error" | "-v" | "--verbose" | "-i" | "--include"
        | "-f" | "--fail" | "-O" | "--remote-name" | "-N" | "--no-buffer" | "-#"
        | "--progress-bar" => {}
        "-o" | "--output" | "-w" | "--write-out" | "--connect-timeout" | "--retry" => {
            reader.value(option)?;
        }
        _ => {
            return Err(format!(
                "curl's {option} cannot be carried over; leave it out, or use the options of gosweep load"
            ));
        }
    }
    Ok(())
}

/// curl joins the data of several options with `&` and posts it as a form, or asks for it.
fn take_data(command: &mut CurlCommand, data: Vec<String>, as_query: bool) -> Result<(), String> {
    if data.is_empty() && command.body.is_none() {
        return Ok(());
    }
    if command.body.is_some() && !data.is_empty() {
        return Err(
            "data from a file and from the command line cannot be joined; use one of them"
                .to_owned(),
        );
    }
    if as_query {
        if command.body.is_some() {
            return Err(
                "-G with data from a file cannot be carried over; write it into the URL".to_owned(),
            );
        }
        let mark = if command.url.contains('?') { '&' } else { '?' };
        command.url = format!("{}{mark}{}", command.url, data.join("&"));
        return Ok(());
    }
    add_default(
        &mut command.headers,
        "Content-Type",
        "application/x-www-form-urlencoded",
    );
    if !data.is_empty() {
        command.body = Some(CurlBody::Text(data.join("&")));
    }
    Ok(())
}

fn add_default(headers: &mut Vec<(String, String)>, name: &str, value: &str) {
    if !headers
        .iter()
        .any(|(known, _)| known.eq_ignore_ascii_case(name))
    {
        headers.push((name.to_owned(), value.to_owned()));
    }
}

/// Takes options and their values from the words of a command.
struct Reader {
    words: std::iter::Skip<std::vec::IntoIter<String>>,
    /// What stands behind the option in its own word: `-XPOST`, `--url=…`, more short options.
    pending: Option<Pending>,
}

enum Pending {
    Value(String),
    /// Either the value of the option just read or further short options.
    Rest(String),
}

impl Reader {
    /// The next option; the empty option is a word by itself, the URL.
    fn next_option(&mut self) -> Result<Option<String>, String> {
        match self.pending.take() {
            Some(Pending::Rest(rest)) => return Ok(Some(self.short(&rest))),
            Some(Pending::Value(value)) => {
                return Err(format!(
                    "`={value}` stands behind an option that takes no value"
                ));
            }
            None => {}
        }
        let Some(word) = self.words.next() else {
            return Ok(None);
        };
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            self.pending = value.map(|value| Pending::Value(value.to_owned()));
            return Ok(Some(format!("--{name}")));
        }
        match word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
            Some(rest) => Ok(Some(self.short(rest))),
            None => {
                self.pending = Some(Pending::Value(word));
                Ok(Some(String::new()))
            }
        }
    }

    fn short(&mut self, rest: &str) -> String {
        let mut characters = rest.chars();
        let option = characters
            .next()
            .map(|c| format!("-{c}"))
            .unwrap_or_default();
        let rest = characters.as_str();
        self.pending = (!rest.is_empty()).then(|| Pending::Rest(rest.to_owned()));
        option
    }

    fn value(&mut self, option: &str) -> Result<String, String> {
        match self.pending.take() {
            Some(Pending::Value(value) | Pending::Rest(value)) => Ok(value),
            None => self
                .words
                .next()
                .ok_or_else(|| format!("curl's {option} stands without its value")),
        }
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            if place <= chunk.len() {
                let index = (group >> (18 - 6 * place)) & 63;
                out.push(char::from(ALPHABET[index as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_command_is_carried_over() {
        let command = parse(
            "curl 'http://host/a?b=1' \\\n -X PUT -H 'accept: */*' --data-raw $'{\"a\":\"\\u00e9\\n\"}' --compressed -sS",
        )
        .unwrap();
        assert_eq!(command.url, "http://host/a?b=1");
        assert_eq!(command.method.as_deref(), Some("PUT"));
        assert_eq!(command.body, Some(CurlBody::Text("{\"a\":\"é\n\"}".into())));
        let names: Vec<_> = command
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["accept", "Accept-Encoding", "Content-Type"]);
    }

    #[test]
    fn short_options_stand_together_or_with_their_value() {
        let command = parse("curl -kXPOST -m2.5 -u aladdin:opensesame host:80").unwrap();
        assert!(command.insecure);
        assert_eq!(
            (command.method.as_deref(), command.url.as_str()),
            (Some("POST"), "http://host:80")
        );
        assert_eq!(command.timeout, Some(Duration::from_millis(2500)));
        assert_eq!(command.headers[0].1, "Basic YWxhZGRpbjpvcGVuc2VzYW1l");
    }

    #[test]
    fn data_is_joined_or_asked_for() {
        let posted = parse("curl -d a=1 --data b=2 http://h/").unwrap();
        assert_eq!(posted.body, Some(CurlBody::Text("a=1&b=2".into())));
        let asked = parse("curl -G -d a=1 --url=http://h/?x -d b=2").unwrap();
        assert_eq!(
            (asked.url.as_str(), asked.body),
            ("http://h/?x&a=1&b=2", None)
        );
        assert_eq!(
            parse("curl -d @f http://h/").unwrap().body,
            Some(CurlBody::File("f".into()))
        );
    }

    #[test]
    fn what_cannot_be_carried_over_is_refused() {
        for (text, word) in [
            ("curl", "no URL"),
            ("curl -F a=@b http://h/", "-F"),
            ("curl --proxy x http://h/", "--proxy"),
            ("curl http://h/ http://i/", "two URLs"),
            ("curl http://h/ | jq", "shell"),
            ("curl 'http://h/", "quote"),
            ("curl http://h/ -H", "without its value"),
            ("curl -k=1 http://h/", ""),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
        assert!(is_curl(" curl x") && !is_curl("curly://x") && !is_curl("http://curl"));
    }
}
