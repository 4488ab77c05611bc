//! `${NAME}` in a target file: a value of gosweep's own environment, taken when the target is used and never stored.
//! `$${` stands for a literal `${`.

use std::ops::Range;

use super::{RequestBody, Target};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::secret::{self, REDACTED};
use crate::yaml::{self, Node, Shape};

/// A text with references, taken apart.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    /// A literal `${`.
    Opening,
    /// The name of a variable.
    Reference(&'a str),
}

/// Takes a text apart.
///
/// # Errors
/// The fix for a reference that names nothing.
fn parts(text: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let escaped = rest[..at].ends_with('$');
        parts.push(Part::Text(&rest[..at - usize::from(escaped)]));
        rest = &rest[at + 2..];
        if escaped {
            parts.push(Part::Opening);
            continue;
        }
        let name = rest
            .split_once('}')
            .map(|(name, _)| name)
            .filter(|name| is_variable(name));
        let Some(name) = name else {
            return Err(
                "write `${NAME}` for a variable of gosweep's environment, `$${` for a literal `${`"
                    .to_owned(),
            );
        };
        parts.push(Part::Reference(name));
        rest = &rest[name.len() + 1..];
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Checks the references of a text, for the decoder.
///
/// # Errors
/// The fix.
pub(super) fn checked(text: &str) -> Result<(), String> {
    parts(text).map(|_| ())
}

/// Where a text is used, which says what may stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Variable,
    Header,
    /// A header that is sent as it stands, without placeholders.
    Line,
    Path,
    Body,
}

impl Place {
    /// What a value must be to stand here.
    fn refuses(self, value: &str) -> Option<&'static str> {
        match self {
            Place::Variable if value.contains('\0') => Some("a variable cannot hold a NUL"),
            Place::Header | Place::Line if value.chars().any(|c| c.is_control() && c != '\t') => {
                Some("a header is one line of text")
            }
            Place::Path if !value.chars().all(|c| c.is_ascii_graphic() && c != '#') => {
                Some("in a path, special characters are written as %20 and the like")
            }
            _ => None,
        }
    }

    /// Whether `{{` begins a placeholder here.
    fn is_template(self) -> bool {
        !matches!(self, Place::Variable | Place::Line)
    }
}

/// Fills references and collects the values that were taken, and what is wrong.
struct Filling<'a, F> {
    lookup: F,
    source: Source<'a>,
    values: Vec<String>,
    findings: Vec<Diagnostic>,
}

impl<F: Fn(&str) -> Option<String>> Filling<'_, F> {
    fn fill(&mut self, text: &mut String, place: Place) {
        let Ok(parts) = parts(text) else {
            // The decoder has refused such a text.
            return;
        };
        let mut filled = String::new();
        for part in parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Opening => filled.push_str("${"),
                Part::Reference(name) => {
                    let value = self.value(name, place).unwrap_or_default();
                    if place.is_template() {
                        filled.push_str(&value.replace("{{", "{{open}}"));
                    } else {
                        filled.push_str(&value);
                    }
                }
            }
        }
        *text = filled;
    }

    fn value(&mut self, name: &str, place: Place) -> Option<String> {
        let wrong = match (self.lookup)(name) {
            None => format!("`{name}` is not set in gosweep's environment"),
            Some(value) => match place.refuses(&value) {
                Some(why) => format!("the value of `{name}` cannot stand here: {why}"),
                None => {
                    self.values.push(value.clone());
                    return Some(value);
                }
            },
        };
        let finding = Diagnostic::new(self.source.reference(name), wrong);
        self.findings
            .push(finding.help(format!("set it for this command: {name}=… gosweep …")));
        None
    }
}

/// The file's text, for places in it.
struct Source<'a> {
    text: &'a str,
}

impl Source<'_> {
    /// Where a variable is first named, comments left out.
    fn reference(&self, name: &str) -> Range<usize> {
        let wanted = format!("${{{name}}}");
        let scalars = yaml::parse(self.text)
            .map(|root| scalars(&root))
            .unwrap_or_default();
        let place = scalars.into_iter().find_map(|span| {
            let at = self.text.get(span.clone())?.find(&wanted)?;
            Some(span.start + at..span.start + at + wanted.len())
        });
        place.unwrap_or(0..0)
    }
}

/// Where the scalars of a tree stand.
fn scalars(node: &Node) -> Vec<Range<usize>> {
    match &node.shape {
        Shape::Null => Vec::new(),
        Shape::Scalar(_) => vec![node.span.clone()],
        Shape::List(items) => items.iter().flat_map(scalars).collect(),
        Shape::Map(entries) => entries
            .iter()
            .flat_map(|entry| scalars(&entry.value))
            .collect(),
    }
}

impl Target {
    /// The target with the values of its `${NAME}` references, as it is started and asked. `text` stays as it was.
    ///
    /// # Errors
    /// Every variable that is not set, or whose value cannot stand where it is named; the values are not shown.
    pub fn with_values(
        mut self,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Target, Diagnostics> {
        let text = self.text.clone();
        let mut filling = Filling {
            lookup,
            source: Source { text: &text },
            values: Vec::new(),
            findings: Vec::new(),
        };
        for value in self.env.values_mut() {
            filling.fill(value, Place::Variable);
        }
        if let Some(path) = &mut self.ready.path {
            filling.fill(path, Place::Path);
        }
        for (_, value) in &mut self.ready.headers {
            filling.fill(value, Place::Line);
        }
        for (_, value) in self.metrics.iter_mut().flat_map(|page| &mut page.headers) {
            filling.fill(value, Place::Line);
        }
        for request in &mut self.requests {
            filling.fill(&mut request.path, Place::Path);
            for (_, value) in &mut request.headers {
                filling.fill(value, Place::Header);
            }
            if let Some(RequestBody::Text(body)) = &mut request.body {
                filling.fill(body, Place::Body);
            }
        }
        let Filling {
            values, findings, ..
        } = filling;
        if !findings.is_empty() {
            return Err(Diagnostics::new(&self.file, &text, findings));
        }
        self.secrets.extend(values);
        let asked = self.metrics.iter().map(|page| &page.headers);
        let sent = self.requests.iter().map(|request| &request.headers);
        let headers = sent.chain([&self.ready.headers]).chain(asked);
        self.secrets
            .extend(headers.flat_map(|headers| secret_headers(headers)));
        self.secrets.sort();
        self.secrets.dedup();
        Ok(self)
    }

    /// The text of the file for the record: the values of headers such as `Authorization`, and of parameters such as
    /// `token`, are taken out where they stand in the file itself.
    pub fn text_for_record(&self) -> String {
        let Ok(root) = yaml::parse(&self.text) else {
            return self.text.clone();
        };
        let mut changes = Vec::new();
        let others = [field(&root, "ready"), field(&root, "metrics")];
        for request in list(field(&root, "requests"))
            .iter()
            .chain(others.into_iter().flatten())
        {
            if let Some(Shape::Map(headers)) = field(request, "headers").map(|node| &node.shape) {
                let secret = headers
                    .iter()
                    .filter(|entry| secret::is_secret_header(&entry.key));
                changes.extend(secret.filter_map(|entry| taken_out(&entry.value, &self.text)));
            }
            changes.extend(field(request, "path").and_then(|node| changed_url(node, &self.text)));
            changes.extend(field(request, "name").and_then(|node| changed_url(node, &self.text)));
        }
        changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut text = self.text.clone();
        for (span, replacement) in changes {
            text.replace_range(span, &replacement);
        }
        text
    }
}

/// The values of secret headers that are longer than a word of the scheme before them.
fn secret_headers(headers: &[(String, String)]) -> Vec<String> {
    let secret = headers
        .iter()
        .filter(|(name, _)| secret::is_secret_header(name));
    secret
        .flat_map(|(_, value)| {
            [
                value.as_str(),
                value.split_once(' ').map_or("", |(_, rest)| rest),
            ]
        })
        .filter(|value| !value.is_empty())
        .map(str::to_owned)
        .collect()
}

fn field<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    let Shape::Map(entries) = &node.shape else {
        return None;
    };
    entries
        .iter()
        .find(|entry| entry.key == key)
        .map(|entry| &entry.value)
}

fn list(node: Option<&Node>) -> &[Node] {
    match node {
        Some(Node {
            shape: Shape::List(items),
            ..
        }) => items,
        Some(single) => std::slice::from_ref(single),
        None => &[],
    }
}

/// A secret value's place and what stands there instead; `None` where it is all references but for its scheme.
fn taken_out(node: &Node, source: &str) -> Option<(Range<usize>, String)> {
    let Shape::Scalar(scalar) = &node.shape else {
        return None;
    };
    let own: String = parts(&scalar.text)
        .ok()?
        .iter()
        .filter_map(|part| match part {
            Part::Text(text) => Some(*text),
            _ => None,
        })
        .collect();
    let own = own.trim();
    let is_scheme = ["", "Basic", "Bearer", "Digest", "Token"]
        .iter()
        .any(|scheme| own.eq_ignore_ascii_case(scheme));
    let all_own = own == scalar.text.trim();
    let is_literal = all_own && !own.is_empty();
    if is_scheme && !is_literal {
        return None;
    }
    Some(replaced(node, source, &scalar.text, REDACTED))
}

fn changed_url(node: &Node, source: &str) -> Option<(Range<usize>, String)> {
    let Shape::Scalar(scalar) = &node.shape else {
        return None;
    };
    // A reference is no secret, and stays to be read.
    let redacted = secret::url(&scalar.text);
    let is_reference = parts(&scalar.text)
        .is_ok_and(|parts| parts.iter().any(|part| matches!(part, Part::Reference(_))));
    (redacted != scalar.text && !is_reference)
        .then(|| replaced(node, source, &scalar.text, &redacted))
}

/// `value` of a scalar replaced within what its place holds, quotes and all where the value is written otherwise.
fn replaced(node: &Node, source: &str, value: &str, by: &str) -> (Range<usize>, String) {
    let written = source.get(node.span.clone()).unwrap_or_default();
    match written.matches(value).count() {
        1 => (node.span.clone(), written.replace(value, by)),
        _ => (node.span.clone(), format!("\"{by}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
name: service
binary: ./service
command: [\"{addr}\"]
env:
  DB_PASSWORD: ${DB_PASSWORD}
  SHELL_TEXT: a $${HOME} and $HOME
requests:
  - path: /x?token=${TOKEN}
    headers: {Authorization: \"Bearer ${TOKEN}\", Accept: all}
    body: 'say ${WORD}'
";

    fn lookup(name: &str) -> Option<String> {
        match name {
            "DB_PASSWORD" => Some("hush hush".to_owned()),
            "TOKEN" => Some("t0k3n".to_owned()),
            "WORD" => Some("{{seq}}".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn references_are_filled_and_the_text_is_not() {
        let target = Target::parse("target.yaml", FILE)
            .unwrap()
            .with_values(lookup)
            .unwrap();
        assert_eq!(target.env["DB_PASSWORD"], "hush hush");
        assert_eq!(target.env["SHELL_TEXT"], "a ${HOME} and $HOME");
        let request = &target.requests[0];
        assert_eq!(request.path, "/x?token=t0k3n");
        assert_eq!(request.name, "/x?token=${TOKEN}");
        assert_eq!(request.headers[0].1, "Bearer t0k3n");
        assert_eq!(
            request.body,
            Some(RequestBody::Text("say {{open}}seq}}".to_owned()))
        );
        assert_eq!(target.text, FILE);
        assert_eq!(target.text_for_record(), FILE);
        assert!(
            target.secrets.contains(&"t0k3n".to_owned())
                && target.secrets.contains(&"hush hush".to_owned())
        );
    }

    #[test]
    fn what_is_not_set_is_named_at_its_place_and_no_value_is_shown() {
        let target = Target::parse("target.yaml", FILE).unwrap();
        let values = |name: &str| match name {
            "TOKEN" => Some("hu sh".to_owned()),
            "WORD" => None,
            other => lookup(other),
        };
        let shown = target.with_values(values).unwrap_err().render();
        assert!(
            shown.contains("target.yaml:10:16") && shown.contains("`WORD` is not set"),
            "{shown}"
        );
        assert!(
            shown.contains("target.yaml:8:20") && shown.contains("cannot stand here"),
            "{shown}"
        );
        assert!(!shown.contains("hu sh"), "{shown}");
    }

    #[test]
    fn a_reference_to_nothing_is_refused_where_it_stands() {
        for bad in ["${", "${}", "${1A}", "${A-B}", "x${A"] {
            let text = FILE.replace("${DB_PASSWORD}", &format!("'{bad}'"));
            let shown = Target::parse("target.yaml", &text).unwrap_err().render();
            assert!(
                shown.contains("target.yaml:5:16") && shown.contains("`$${`"),
                "{bad}: {shown}"
            );
        }
    }

    #[test]
    fn secrets_in_the_file_itself_are_not_for_the_record() {
        let text = "\
name: service
binary: ./service
command: [\"{addr}\"]
requests:
  - path: /a?b=1&api_key=hush1
    headers:
      Authorization: Bearer hush2
      Cookie: \"a=\\x68ush3\"
      X-Api-Key: >-
        hush4
      Proxy-Authorization: Basic ${USER_PART}hush5
      Accept: text/plain # kept
  - {path: '/c?token=hush6', name: last, headers: {\"x-auth-token\": 'hush7'}}
";
        let target = Target::parse("target.yaml", text).unwrap();
        let kept = target.text_for_record();
        assert!(!kept.contains("hush") && !kept.contains("\\x68"), "{kept}");
        let again =
            Target::parse("target.yaml", &kept).unwrap_or_else(|error| panic!("{error}\n{kept}"));
        assert_eq!(again.requests[0].path, "/a?b=1&api_key=REDACTED");
        assert_eq!(again.requests[0].headers.last().unwrap().1, "text/plain");
        assert_eq!(again.requests[1].name, "last");
        assert!(kept.contains("# kept"));
    }
}
