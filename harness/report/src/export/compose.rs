//! An override file for docker compose.

use documents::export::{Carrier, Export};

use super::{ExportError, ExportFile, ExportFormat, checked_plain, comments, literal, one, yaml};

/// An override of one service.
#[derive(Debug, Clone)]
pub struct Compose {
    /// The service.
    pub service: String,
}

impl ExportFormat for Compose {
    fn carrier(&self) -> Carrier {
        Carrier::Deployment
    }

    fn files(&self, export: &Export) -> Result<Vec<ExportFile>, ExportError> {
        let service = checked_plain(&self.service, "service", "--name")?;
        let undo = "docker compose up -d without this file";
        let mut text = comments::head(export, "# ", undo);
        text.push_str("# Apply: docker compose -f compose.yaml -f compose.gosweep.yaml up -d\n");
        text.push_str(&format!("services:\n  {}:\n", yaml::quoted(service)));
        if !export.variables.is_empty() {
            text.push_str("    environment:\n");
        }
        for own in &export.variables {
            text.push_str(&comments::because(own, "      # "));
            text.push_str(&match literal(own) {
                // A dollar begins a variable of compose.
                Some(value) => format!(
                    "      {}: {}\n",
                    own.name,
                    yaml::quoted(&value.replace('$', "$$"))
                ),
                None => format!("      {}: !reset null\n", own.name),
            });
        }
        text.push_str(&limits(export));
        Ok(one("compose.gosweep.yaml", text))
    }
}

fn limits(export: &Export) -> String {
    let memory = export.limits.memory_bytes;
    let memory =
        memory.map(|bytes| format!("          memory: {}\n", super::memory(bytes, "M", "b")));
    let cpus = export.limits.cpus;
    let cpus = cpus.map(|cpus| format!("          cpus: {}\n", yaml::quoted(&cpus.to_string())));
    let inner: String = memory.into_iter().chain(cpus).collect();
    match inner.as_str() {
        "" => String::new(),
        inner => format!(
            "    # The limits that the variables were derived from: they hold only together.\n    deploy:\n      resources:\n        limits:\n{inner}"
        ),
    }
}
