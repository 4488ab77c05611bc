//! Values and lists for the formats that are YAML.

use documents::export::Export;

use super::{comments, literal};

/// A text in double quotes. JSON's escapes are YAML's too, but for what JSON leaves as it is.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value for a container of Kubernetes, which replaces `$(NAME)`.
pub(super) fn container_value(text: &str) -> String {
    quoted(&text.replace("$(", "$$("))
}

/// The variables as a list of name and value. What is to be unset is deleted, where `deletes` says that the reader
/// knows how; else it is left out.
pub(super) fn env_list(export: &Export, indent: usize, deletes: bool) -> String {
    let pad = " ".repeat(indent);
    let mut text = String::new();
    for own in &export.variables {
        text.push_str(&comments::because(own, &format!("{pad}# ")));
        match literal(own) {
            Some(value) => text.push_str(&format!(
                "{pad}- name: {}\n{pad}  value: {}\n",
                own.name,
                container_value(&value)
            )),
            None if deletes => {
                text.push_str(&format!(
                    "{pad}- name: {}\n{pad}  $patch: delete\n",
                    own.name
                ));
            }
            None => {}
        }
    }
    text
}

/// The limits as a container of Kubernetes has them; nothing where there are none.
pub(super) fn resources(export: &Export, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let limits = &export.limits;
    let memory = limits
        .memory_bytes
        .map(|bytes| format!("{pad}    memory: {}\n", super::memory(bytes, "Mi", "")));
    let cpus = limits
        .cpus
        .map(|cpus| format!("{pad}    cpu: {}\n", quoted(&cpus.to_string())));
    let inner: String = memory.into_iter().chain(cpus).collect();
    match inner.as_str() {
        "" => String::new(),
        inner => format!(
            "{pad}# The limits that the variables were derived from: they hold only together.\n{pad}resources:\n{pad}  limits:\n{inner}"
        ),
    }
}
