//! Bodies of multipart/form-data (RFC 7578).

/// One field of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: Option<String>,
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content: Vec<u8>,
}

/// The body.
pub(crate) fn encode(parts: &[Part], boundary: &str) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        let mut head = format!("--{boundary}\r\nContent-Disposition: form-data");
        if let Some(name) = &part.name {
            head.push_str(&format!("; name=\"{}\"", quoted(name)));
        }
        if let Some(name) = &part.file_name {
            head.push_str(&format!("; filename=\"{}\"", quoted(name)));
        }
        if let Some(kind) = &part.content_type {
            head.push_str(&format!("\r\nContent-Type: {kind}"));
        }
        head.push_str("\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&part.content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

/// A boundary that none of the parts holds, in the form that curl's have.
pub(crate) fn boundary(parts: &[Part]) -> String {
    let is_held = |boundary: &str| {
        parts.iter().any(|part| {
            part.content
                .windows(boundary.len())
                .any(|own| own == boundary.as_bytes())
        })
    };
    (0_u64..)
        .map(|number| format!("------------------------{number:016x}"))
        .find(|boundary| !is_held(boundary))
        .expect("the parts are finite")
}

/// Names as browsers and curl write them (WHATWG HTML, "multipart/form-data encoding algorithm").
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_between_boundaries_that_they_do_not_hold() {
        let text = Part {
            name: Some("a\"b".to_owned()),
            content: b"1".to_vec(),
            ..Part::default()
        };
        let file = Part {
            name: Some("f".to_owned()),
            file_name: Some("x.txt".to_owned()),
            content_type: Some("text/plain".to_owned()),
            content: b"------------------------0000000000000000".to_vec(),
        };
        let parts = [text, file];
        let boundary = boundary(&parts);
        assert_eq!(boundary, "------------------------0000000000000001");
        let body = String::from_utf8(encode(&parts, "B")).unwrap();
        assert_eq!(
            body,
            "--B\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\n1\r\n\
             --B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\nContent-Type: text/plain\r\n\r\n\
             ------------------------0000000000000000\r\n--B--\r\n"
        );
    }
}
