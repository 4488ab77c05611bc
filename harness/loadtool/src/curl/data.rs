//! Data of a request: `-d` and its kin.

use std::path::Path;

/// The ways to give data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DataKind {
    /// `-d`: a file loses its line ends.
    Text,
    /// `--data-binary`: a file stays as it is.
    Binary,
    /// `--data-raw`: `@` is an `@`.
    Raw,
    /// `--data-urlencode`.
    UrlEncoded,
    /// `--json`: binary, and pieces are joined without `&`.
    Json,
}

/// The bytes that one option gives.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn read(kind: DataKind, value: &str) -> Result<Vec<u8>, String> {
    match (kind, value.strip_prefix('@')) {
        (DataKind::UrlEncoded, _) => url_encoded(value).map(String::into_bytes),
        (DataKind::Text, Some(path)) => {
            let mut bytes = file(path)?;
            bytes.retain(|byte| !b"\r\n\0".contains(byte));
            Ok(bytes)
        }
        (DataKind::Binary | DataKind::Json, Some(path)) => file(path),
        _ => Ok(value.as_bytes().to_vec()),
    }
}

/// `content`, `=content`, `name=content`, `@file` and `name@file`: what is behind the mark is encoded.
pub(super) fn url_encoded(value: &str) -> Result<String, String> {
    let mark = value.find('=').or_else(|| value.find('@'));
    let (name, content) = match mark {
        None => ("", value.as_bytes().to_vec()),
        Some(at) if value.as_bytes()[at] == b'@' => (&value[..at], file(&value[at + 1..])?),
        Some(at) => (&value[..at], value.as_bytes()[at + 1..].to_vec()),
    };
    let encoded = escaped(&content).replace("%20", "+");
    Ok(match name {
        "" => encoded,
        name => format!("{name}={encoded}"),
    })
}

/// Reads a file that the command names.
pub(super) fn file(path: &str) -> Result<Vec<u8>, String> {
    if path == "-" {
        return Err(
            "`@-` is curl's standard input, which is not read here; put the data into a file"
                .to_owned(),
        );
    }
    safefile::read_named(Path::new(path), loadgen::LARGEST_BODY_BYTES)
        .map_err(|error| format!("the curl command's file {path}: {error}"))
}

/// Percent-encoding of all but unreserved characters (RFC 3986, section 2.3).
pub(super) fn escaped(bytes: &[u8]) -> String {
    let encode = |byte: &u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) => {
            char::from(*byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    bytes.iter().map(encode).collect()
}

/// Takes percent-encoding off.
pub(super) fn decoded(text: &str) -> Result<String, String> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = more.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &more[2..];
            }
            None => {
                out.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8(out).map_err(|_| format!("`{text}` is not UTF-8"))
}

/// RFC 4648, section 4.
pub(super) fn base64(bytes: &[u8]) -> String {
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
    fn every_form_of_url_encoding_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "a b\n").unwrap();
        let path = path.display();
        for (given, sent) in [
            ("a b&c", "a+b%26c".to_owned()),
            ("=a=b", "a%3Db".to_owned()),
            ("q=tea & milk", "q=tea+%26+milk".to_owned()),
            ("q=a@b", "q=a%40b".to_owned()),
            (&format!("@{path}"), "a+b%0A".to_owned()),
            (&format!("q@{path}"), "q=a+b%0A".to_owned()),
        ] {
            assert_eq!(url_encoded(given).unwrap(), sent, "{given}");
        }
    }

    #[test]
    fn files_lose_their_line_ends_only_where_curl_takes_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "a\r\nb\n").unwrap();
        let value = format!("@{}", path.display());
        assert_eq!(read(DataKind::Text, &value).unwrap(), b"ab");
        assert_eq!(read(DataKind::Binary, &value).unwrap(), b"a\r\nb\n");
        assert_eq!(read(DataKind::Json, &value).unwrap(), b"a\r\nb\n");
        assert_eq!(read(DataKind::Raw, "@x").unwrap(), b"@x");
        assert!(
            read(DataKind::Text, "@-")
                .unwrap_err()
                .contains("standard input")
        );
        assert!(
            read(DataKind::Text, "@/no/such")
                .unwrap_err()
                .contains("/no/such")
        );
    }

    #[test]
    fn base64_pads() {
        assert_eq!(base64(b"aladdin:opensesame"), "YWxhZGRpbjpvcGVuc2VzYW1l");
        assert_eq!(
            (base64(b"a"), base64(b"ab")),
            ("YQ==".to_owned(), "YWI=".to_owned())
        );
    }
}
