//! Exports: a recommendation as files that other programs take.
//!
//! One file per format, each an [`ExportFormat`]. What goes into an export, and what must not, `advisor` has decided; a
//! format writes it down, refuses names that its program would refuse, and quotes every value as its program reads it.

mod comments;
mod compose;
mod dockerfile;
mod gate;
mod godebug;
mod helm;
mod kubernetes;
mod kustomize;
mod nomad;
mod script;
mod systemd;
mod yaml;

use documents::export::{Carrier, Export, Value, Variable};

pub use compose::Compose;
pub use dockerfile::Dockerfile;
pub use gate::Gate;
pub use godebug::Godebug;
pub use helm::{Helm, HelmShape};
pub use kubernetes::Kubernetes;
pub use kustomize::Kustomize;
pub use nomad::Nomad;
pub use script::Script;
pub use systemd::Systemd;

/// A way to write exports down.
pub trait ExportFormat {
    /// What it can carry.
    fn carrier(&self) -> Carrier;

    /// The files, the one to begin with first.
    ///
    /// # Errors
    /// [`ExportError`]: a name or value that the program would refuse.
    fn files(&self, export: &Export) -> Result<Vec<ExportFile>, ExportError>;
}

/// One file of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFile {
    /// Its name, within the folder of the export.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Why an export cannot be written in a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A name that the program does not take.
    #[error("`{name}` is no name of a {what}: {rule}; give another with {option}")]
    Name {
        /// The name.
        name: String,
        /// What it would name.
        what: &'static str,
        /// What such names are made of.
        rule: &'static str,
        /// The option that sets it.
        option: &'static str,
    },
}

fn one(name: impl Into<String>, text: String) -> Vec<ExportFile> {
    let name = name.into();
    vec![ExportFile { name, text }]
}

/// The text of a variable where a format sets literals; `None` for one to unset.
fn literal(variable: &Variable) -> Option<String> {
    match &variable.value {
        Value::Text(text) => Some(text.clone()),
        Value::Unset => None,
        // Only a script is given shares.
        Value::PercentOfMemory(_) => None,
    }
}

/// A name by RFC 1123, as Kubernetes has it for objects and containers.
fn checked_label<'n>(
    name: &'n str,
    what: &'static str,
    option: &'static str,
) -> Result<&'n str, ExportError> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_label = !name.is_empty()
        && name.len() <= 63
        && name.chars().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-');
    match is_label {
        true => Ok(name),
        false => Err(ExportError::Name {
            name: name.to_owned(),
            what,
            rule: "small letters, digits and dashes, 63 at most, no dash at either end",
            option,
        }),
    }
}

/// A name that may stand unquoted in a unit's file name, a service key or a task label.
fn checked_plain<'n>(
    name: &'n str,
    what: &'static str,
    option: &'static str,
) -> Result<&'n str, ExportError> {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_plain = !name.is_empty()
        && name.len() <= 128
        && name.chars().all(inner)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    match is_plain {
        true => Ok(name),
        false => Err(ExportError::Name {
            name: name.to_owned(),
            what,
            rule: "letters, digits, dashes, dots and underscores, a letter or digit first",
            option,
        }),
    }
}

/// Whole MiB where that is exact, else bytes.
fn memory(bytes: u64, mib: &str, byte: &str) -> String {
    const MIB: u64 = 1 << 20;
    match bytes.is_multiple_of(MIB) {
        true => format!("{}{mib}", bytes / MIB),
        false => format!("{bytes}{byte}"),
    }
}
