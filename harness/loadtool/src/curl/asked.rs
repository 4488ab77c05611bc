//! What the options of a command ask for, gathered one by one.

use std::path::PathBuf;
use std::time::Duration;

use super::data::{self, DataKind};
use super::form;
use super::options::Given;
use super::table::Sent;
use crate::multipart::Part;
use crate::values;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Version {
    #[default]
    Http1,
    /// HTTP/2 where the server agrees to it, by ALPN or an upgrade.
    Upgrade,
    Http2,
}

/// A line of `-H`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Custom {
    pub(super) name: String,
    /// None takes curl's own header of the name out.
    pub(super) value: Option<String>,
}

/// What the options ask for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) urls: Vec<String>,
    pub(super) method: Option<String>,
    pub(super) is_head: bool,
    pub(super) headers: Vec<Custom>,
    pub(super) user_agent: Option<String>,
    pub(super) referer: Option<String>,
    pub(super) cookies: Vec<String>,
    pub(super) user: Option<String>,
    pub(super) bearer: Option<String>,
    pub(super) range: Option<String>,
    pub(super) is_compressed: bool,
    pub(super) data: Option<Vec<u8>>,
    pub(super) is_json: bool,
    pub(super) as_query: bool,
    pub(super) query: Vec<String>,
    pub(super) form: Vec<Part>,
    pub(super) upload: Option<String>,
    pub(super) is_literal: bool,
    pub(super) keeps_dots: bool,
    pub(super) is_insecure: bool,
    pub(super) version: Version,
    pub(super) cacert: Option<PathBuf>,
    pub(super) unix: Option<PathBuf>,
    pub(super) timeout: Option<Duration>,
    pub(super) notes: Vec<String>,
}

impl Asked {
    pub(super) fn take(&mut self, part: Sent, given: Given) -> Result<(), String> {
        let Given {
            name, value, is_on, ..
        } = given;
        match part {
            Sent::Url => self.urls.push(value),
            Sent::Method => {
                self.method =
                    Some(values::method(&value).map_err(|why| format!("{name} {value}: {why}"))?)
            }
            Sent::Head => self.is_head = is_on,
            Sent::Header => self.header(&value)?,
            Sent::UserAgent => self.user_agent = Some(value),
            // `;auto` follows redirects.
            Sent::Referer => self.referer = Some(value.trim_end_matches(";auto").to_owned()),
            Sent::Cookie => self.cookie(value)?,
            Sent::User => self.user = Some(value),
            Sent::Basic => {}
            Sent::Bearer => self.bearer = Some(value),
            Sent::Range => self.range = Some(value),
            Sent::Compressed => self.is_compressed = is_on,
            Sent::Data(kind) => self.data(kind, &value)?,
            Sent::Get => self.as_query = is_on,
            Sent::UrlQuery => self.query.push(match value.strip_prefix('+') {
                Some(raw) => raw.to_owned(),
                None => data::url_encoded(&value)?,
            }),
            Sent::Form => self.form.push(form::field(&value)?),
            Sent::FormString => self.form.push(form::literal(&value)?),
            Sent::Upload => self.upload = Some(value),
            Sent::GlobOff => self.is_literal = is_on,
            Sent::PathAsIs => self.keeps_dots = is_on,
            Sent::Insecure => self.is_insecure = is_on,
            Sent::CaCert => self.cacert = Some(value.into()),
            Sent::UnixSocket => self.unix = Some(value.into()),
            Sent::MaxTime => self.timeout = max_time(&name, &value)?,
            Sent::Http11 => self.version = Version::Http1,
            Sent::Http2 => self.version = Version::Upgrade,
            Sent::Http2PriorKnowledge => self.version = Version::Http2,
        }
        Ok(())
    }

    /// `Name: value` is sent, `Name:` takes curl's own header out, `Name;` is sent without a value; anything else curl
    /// passes over.
    fn header(&mut self, line: &str) -> Result<(), String> {
        if line.starts_with('@') {
            let read = values::headers(line).map_err(|why| format!("-H '{line}': {why}"))?;
            self.headers
                .extend(read.0.into_iter().map(|(name, value)| Custom {
                    name,
                    value: Some(value).filter(|value| !value.is_empty()),
                }));
            return Ok(());
        }
        let custom = match (line.split_once(':'), line.strip_suffix(';')) {
            (Some((name, value)), _) => Custom {
                name: name.to_owned(),
                value: Some(value.trim().to_owned()).filter(|value| !value.is_empty()),
            },
            (None, Some(name)) => Custom {
                name: name.to_owned(),
                value: Some(String::new()),
            },
            (None, None) => {
                self.notes.push(format!(
                    "curl passes -H '{line}' over, since it has no colon"
                ));
                return Ok(());
            }
        };
        let text = format!(
            "{}: {}",
            custom.name,
            custom.value.as_deref().unwrap_or_default()
        );
        values::header(&text).map_err(|why| format!("-H '{line}': {why}"))?;
        self.headers.push(custom);
        Ok(())
    }

    fn cookie(&mut self, value: String) -> Result<(), String> {
        if value.is_empty() {
            // It only has curl remember cookies.
            return Ok(());
        }
        if !value.contains('=') {
            return Err(format!(
                "-b {value} names a file of cookies, which is not read; write them out, -b 'NAME=VALUE'"
            ));
        }
        self.cookies.push(value);
        Ok(())
    }

    fn data(&mut self, kind: DataKind, value: &str) -> Result<(), String> {
        let bytes = data::read(kind, value)?;
        self.is_json |= kind == DataKind::Json;
        match &mut self.data {
            Some(data) => {
                if kind != DataKind::Json {
                    data.push(b'&');
                }
                data.extend_from_slice(&bytes);
            }
            None => self.data = Some(bytes),
        }
        Ok(())
    }

    /// The line of `-H` for a name.
    pub(super) fn custom(&self, name: &str) -> Option<&Custom> {
        self.headers
            .iter()
            .find(|own| own.name.eq_ignore_ascii_case(name))
    }
}

/// Zero is no limit.
fn max_time(name: &str, seconds: &str) -> Result<Option<Duration>, String> {
    if seconds.parse() == Ok(0.0) {
        return Ok(None);
    }
    let duration = values::duration(&format!("{seconds}s"));
    duration
        .map(Some)
        .map_err(|why| format!("{name} {seconds}: {why}"))
}
