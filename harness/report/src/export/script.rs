//! A POSIX shell file, to be sourced by an entrypoint.

use documents::export::{Carrier, Export, Value, Variable};
use record::shell;

use super::{ExportError, ExportFile, ExportFormat, comments, one};

/// What reads the memory limit of the cgroup into `gosweep_memory`.
const MEMORY: &str = include_str!("../../../../reports/templates/memory_limit.sh");

/// A shell file.
#[derive(Debug, Clone, Copy)]
pub struct Script;

impl ExportFormat for Script {
    fn carrier(&self) -> Carrier {
        Carrier::Script
    }

    fn files(&self, export: &Export) -> Result<Vec<ExportFile>, ExportError> {
        let undo = export.variables.iter().map(|own| own.undo.as_str());
        let undo = format!(
            "{}; or export with --undo",
            undo.collect::<Vec<_>>().join("; ")
        );
        let mut text = comments::head(export, "# ", &undo);
        let share = export
            .variables
            .iter()
            .any(|own| matches!(own.value, Value::PercentOfMemory(_)));
        if share {
            text.push_str(MEMORY);
        }
        for own in &export.variables {
            text.push_str(&comments::because(own, "# "));
            text.push_str(&line(own, share));
        }
        if share {
            text.push_str("unset gosweep_memory gosweep_file\n");
        }
        Ok(one("gosweep.env.sh", text))
    }
}

fn line(own: &Variable, share: bool) -> String {
    let name = &own.name;
    match &own.value {
        Value::Unset => format!("unset {name}\n"),
        Value::Text(text) => {
            let set = format!("export {name}={}", shell::quoted(text));
            // Without a limit nothing would collect.
            if share && name == "GOGC" && text == "off" {
                format!("if [ -n \"$gosweep_memory\" ]; then {set}; fi\n")
            } else {
                format!("{set}\n")
            }
        }
        Value::PercentOfMemory(percent) => format!(
            "if [ -n \"$gosweep_memory\" ]; then\n  export {name}=$((gosweep_memory / 100 * {percent}))\nelse\n  \
             echo \"gosweep: no memory limit here, so {name} is not set\" >&2\nfi\n"
        ),
    }
}
