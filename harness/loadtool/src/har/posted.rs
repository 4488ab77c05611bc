//! The body of a recorded request.

use serde::Deserialize;

use crate::multipart::{self, Part};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostData {
    #[serde(default)]
    pub(super) mime_type: String,
    #[serde(default)]
    text: String,
    /// Set to `base64` by recorders that keep bodies which are no text.
    encoding: Option<String>,
    /// A form that was recorded field by field.
    #[serde(default)]
    params: Vec<Parameter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameter {
    name: String,
    #[serde(default)]
    value: String,
    /// Set for a file, whose bytes are seldom in the archive.
    file_name: Option<String>,
    content_type: Option<String>,
}

impl PostData {
    /// Whether the body was a form with files, of which only names were kept.
    pub(super) fn is_lost(&self) -> bool {
        if self.text.is_empty() {
            let is_lost = |own: &Parameter| own.file_name.is_some() && own.value.is_empty();
            return self.params.iter().any(is_lost);
        }
        self.encoding.is_none() && self.is_multipart() && has_empty_file(&self.text)
    }

    fn is_multipart(&self) -> bool {
        let kind = self.mime_type.trim_start();
        kind.get(..10)
            .is_some_and(|own| own.eq_ignore_ascii_case("multipart/"))
    }

    /// The body as it was sent, with its type where the recorded one lacks the boundary; none where it cannot be read.
    pub(super) fn body(&self, kind: &str) -> Option<(Vec<u8>, Option<String>)> {
        if self
            .encoding
            .as_deref()
            .is_some_and(|name| name.eq_ignore_ascii_case("base64"))
        {
            return Some((from_base64(&self.text)?, None));
        }
        if self
            .encoding
            .as_deref()
            .is_some_and(|name| !name.is_empty())
        {
            return None;
        }
        if !self.text.is_empty() || self.params.is_empty() {
            return Some((self.text.clone().into_bytes(), None));
        }
        if self.is_multipart() {
            return Some(self.multipart(kind));
        }
        let fields = self.params.iter().map(|own| {
            let [name, value] = [&own.name, &own.value].map(|text| form_encoded(text));
            format!("{name}={value}")
        });
        Some((fields.collect::<Vec<_>>().join("&").into_bytes(), None))
    }

    /// A multipart form put together again from its fields, between the boundaries that its type names.
    fn multipart(&self, kind: &str) -> (Vec<u8>, Option<String>) {
        let part = |own: &Parameter| Part {
            name: Some(own.name.clone()),
            file_name: own.file_name.clone(),
            content_type: own.content_type.clone().filter(|kind| !kind.is_empty()),
            content: own.value.clone().into_bytes(),
        };
        let parts: Vec<Part> = self.params.iter().map(part).collect();
        match boundary_of(kind).or_else(|| boundary_of(&self.mime_type)) {
            Some(boundary) => (multipart::encode(&parts, &boundary), None),
            None => {
                let boundary = multipart::boundary(&parts);
                let kind = format!("multipart/form-data; boundary={boundary}");
                (multipart::encode(&parts, &boundary), Some(kind))
            }
        }
    }
}

/// The boundary that a type names.
fn boundary_of(kind: &str) -> Option<String> {
    let parameters = kind.split(';').skip(1).map(str::trim);
    let value = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?
        .1;
    Some(value.trim_matches('"').to_owned()).filter(|boundary| !boundary.is_empty())
}

/// Whether a recorded multipart body has a file's head and nothing behind it: browsers leave the bytes out.
fn has_empty_file(text: &str) -> bool {
    let text = text.replace("\r\n", "\n");
    let parts = text
        .split("\n--")
        .filter_map(|part| part.split_once("\n\n"));
    parts
        .filter(|(head, _)| head.to_ascii_lowercase().contains("filename="))
        .any(|(_, content)| content.is_empty() || content == "\n")
}

/// RFC 4648, section 4; line ends and missing padding are passed over.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut group, mut bits) = (0_u32, 0);
    for c in text
        .bytes()
        .filter(|c| !c.is_ascii_whitespace() && *c != b'=')
    {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        group = group << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits) as u8);
            group &= (1 << bits) - 1;
        }
    }
    Some(bytes)
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
