//! Blocks for a task of Nomad.

use documents::export::{Carrier, Export};

use super::{ExportError, ExportFile, ExportFormat, comments, literal, one};

/// Bytes of the unit that Nomad counts memory in (its reference, `resources`).
const MB: u64 = 1 << 20;

/// The blocks `env` and `resources`.
#[derive(Debug, Clone, Copy)]
pub struct Nomad;

impl ExportFormat for Nomad {
    fn carrier(&self) -> Carrier {
        Carrier::Deployment
    }

    fn files(&self, export: &Export) -> Result<Vec<ExportFile>, ExportError> {
        let undo = "nomad job revert JOB VERSION, or take the lines out and run the job again";
        let mut text = comments::head(export, "# ", undo);
        text.push_str(
            "# These belong into the job's `task` block, into its own blocks of the same name.\n",
        );
        if !export.variables.is_empty() {
            text.push_str("env {\n");
        }
        for own in &export.variables {
            text.push_str(&comments::because(own, "  # "));
            // Go takes an empty one for none.
            let value = literal(own).unwrap_or_default();
            text.push_str(&format!("  {} = \"{}\"\n", own.name, escaped(&value)));
        }
        if !export.variables.is_empty() {
            text.push_str("}\n");
        }
        text.push_str(&resources(export));
        Ok(one("gosweep.nomad.hcl", text))
    }
}

fn resources(export: &Export) -> String {
    let memory = export.limits.memory_bytes;
    // Rounded up, so that the limit is never below what the variables were derived from.
    let memory = memory.map(|bytes| format!("  memory = {}\n", bytes.div_ceil(MB)));
    let cpus = export.limits.cpus;
    let cores = cpus.map(|cpus| format!("  cores = {:.0}\n", cpus.ceil()));
    let inner: String = memory.into_iter().chain(cores).collect();
    match inner.as_str() {
        "" => String::new(),
        inner => {
            format!("# The limits that the variables were derived from.\nresources {{\n{inner}}}\n")
        }
    }
}

/// A quoted template of HCL: `${` and `%{` begin expressions.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace("${", "$${")
        .replace("%{", "%%{")
}
