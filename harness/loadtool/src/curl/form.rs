//! `-F name=content`: fields of a multipart form.

use std::path::Path;

use super::data::file;
use crate::multipart::Part;

/// Reads the value of `-F`.
///
/// # Errors
/// What is no field, and what is not carried over, by its name.
pub(super) fn field(value: &str) -> Result<Part, String> {
    let (name, content) = value
        .split_once('=')
        .ok_or_else(|| format!("-F `{value}` has no `=`; write name=content or name=@file"))?;
    match content.chars().next() {
        Some('@') => file_field(name, &content[1..]),
        Some('<') => text_of_file(name, &content[1..]),
        Some('(') => Err("-F with `=(` nests parts, which is not carried over".to_owned()),
        _ => text_field(name, content),
    }
}

/// Reads the value of `--form-string`: its content is never a file.
pub(super) fn literal(value: &str) -> Result<Part, String> {
    let (name, content) = value
        .split_once('=')
        .ok_or_else(|| format!("--form-string `{value}` has no `=`; write name=content"))?;
    Ok(Part {
        name: named(name),
        content: content.as_bytes().to_vec(),
        ..Part::default()
    })
}

fn text_field(name: &str, content: &str) -> Result<Part, String> {
    let (content, rest) = word(content.trim_start());
    let suffixes = suffixes(rest)?;
    Ok(Part {
        name: named(name),
        file_name: suffixes.file_name,
        content_type: suffixes.content_type,
        content: content.into_bytes(),
    })
}

fn file_field(name: &str, content: &str) -> Result<Part, String> {
    let (path, rest) = word(content);
    if path.contains(',') {
        return Err(
            "-F with several files behind one `@` is not carried over; write -F once for each"
                .to_owned(),
        );
    }
    let suffixes = suffixes(rest)?;
    let own_name = Path::new(&path)
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let file_name = suffixes.file_name.or(own_name).unwrap_or_default();
    let kind = suffixes.content_type.unwrap_or_else(|| {
        kind_of(&file_name)
            .or(kind_of(&path))
            .unwrap_or("application/octet-stream")
            .to_owned()
    });
    Ok(Part {
        name: named(name),
        content: file(&path)?,
        content_type: Some(kind),
        file_name: Some(file_name),
    })
}

fn text_of_file(name: &str, content: &str) -> Result<Part, String> {
    let (path, rest) = word(content);
    let suffixes = suffixes(rest)?;
    // Plain text is what a field is anyway.
    let guessed = kind_of(&path)
        .filter(|kind| *kind != "text/plain")
        .map(str::to_owned);
    Ok(Part {
        name: named(name),
        content: file(&path)?,
        content_type: suffixes.content_type.or(guessed),
        file_name: suffixes.file_name,
    })
}

/// Without a name curl leaves the parameter out.
fn named(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| name.to_owned())
}

/// The word up to `;`, or in double quotes, and the rest.
fn word(text: &str) -> (String, &str) {
    if let Some(inside) = text.strip_prefix('"') {
        let mut word = String::new();
        let mut characters = inside.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => match characters.next() {
                    Some((_, next @ ('"' | '\\'))) => word.push(next),
                    Some((_, next)) => word.extend(['\\', next]),
                    None => word.push('\\'),
                },
                '"' => {
                    let rest = inside[at + 1..].trim_start();
                    if rest.is_empty() || rest.starts_with(';') {
                        return (word, rest);
                    }
                    break;
                }
                c => word.push(c),
            }
        }
    }
    let end = text.find(';').unwrap_or(text.len());
    (text[..end].to_owned(), &text[end..])
}

#[derive(Default)]
struct Suffixes {
    content_type: Option<String>,
    file_name: Option<String>,
}

/// `;type=…` and `;filename=…`.
fn suffixes(rest: &str) -> Result<Suffixes, String> {
    let mut found = Suffixes::default();
    let mut rest = rest;
    while let Some(text) = rest.strip_prefix(';') {
        let text = text.trim_start();
        if let Some(value) = text.strip_prefix("type=") {
            // The type's own parameters stand behind further semicolons.
            let end = value
                .match_indices(';')
                .map(|(at, _)| at)
                .find(|at| {
                    ["type=", "filename=", "headers=", "encoder="]
                        .iter()
                        .any(|own| value[at + 1..].trim_start().starts_with(own))
                })
                .unwrap_or(value.len());
            found.content_type = Some(value[..end].trim().to_owned());
            rest = &value[end..];
        } else if let Some(value) = text.strip_prefix("filename=") {
            let (name, behind) = word(value);
            found.file_name = Some(name);
            rest = behind;
        } else {
            return Err(format!(
                "-F with `;{text}` is not carried over; ;type= and ;filename= are"
            ));
        }
    }
    Ok(found)
}

/// The type that curl takes for a file's ending (lib/mime.c, `Curl_mime_contenttype`).
fn kind_of(path: &str) -> Option<&'static str> {
    const KINDS: [(&str, &str); 10] = [
        (".gif", "image/gif"),
        (".jpg", "image/jpeg"),
        (".jpeg", "image/jpeg"),
        (".png", "image/png"),
        (".svg", "image/svg+xml"),
        (".txt", "text/plain"),
        (".htm", "text/html"),
        (".html", "text/html"),
        (".pdf", "application/pdf"),
        (".xml", "application/xml"),
    ];
    let path = path.to_ascii_lowercase();
    KINDS
        .iter()
        .find(|(ending, _)| path.ends_with(ending))
        .map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_with_their_suffixes() {
        let part = field("a=b;type=text/html; charset=utf-8;filename=\"x;y\"").unwrap();
        assert_eq!(part.content, b"b");
        assert_eq!(
            part.content_type.as_deref(),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(part.file_name.as_deref(), Some("x;y"));
        assert_eq!(field("a=\"b;c\"").unwrap().content, b"b;c");
        assert_eq!(field("a={\"b\": 1}").unwrap().content, b"{\"b\": 1}");
        assert_eq!(literal("a=@b;c").unwrap().content, b"@b;c");
    }

    #[test]
    fn files_are_named_and_typed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.PNG");
        std::fs::write(&path, "bytes").unwrap();
        let part = field(&format!("a=@{}", path.display())).unwrap();
        assert_eq!(
            (part.file_name.as_deref(), part.content_type.as_deref()),
            (Some("x.PNG"), Some("image/png"))
        );
        let part = field(&format!("a=<{}", path.display())).unwrap();
        assert_eq!((part.file_name, part.content), (None, b"bytes".to_vec()));
    }

    #[test]
    fn what_is_not_carried_over_is_named() {
        for (value, name) in [
            ("a", "no `=`"),
            ("a=(b", "=("),
            ("a=@b,c", "several files"),
            ("a=b;headers=x", ";headers=x"),
            ("a=@-", "@-"),
        ] {
            let error = field(value).unwrap_err();
            assert!(error.contains(name), "{value}: {error}");
        }
    }
}
