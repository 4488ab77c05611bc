//! `ENV` lines for a Dockerfile.

use documents::export::{Carrier, Export};

use super::{ExportError, ExportFile, ExportFormat, comments, literal, one};

/// Lines of a Dockerfile's last stage.
#[derive(Debug, Clone, Copy)]
pub struct Dockerfile;

impl ExportFormat for Dockerfile {
    fn carrier(&self) -> Carrier {
        Carrier::Image
    }

    fn files(&self, export: &Export) -> Result<Vec<ExportFile>, ExportError> {
        let undo = "take the lines out and build the image again";
        let mut text = comments::head(export, "# ", undo);
        text.push_str("# These lines belong into the last stage of the Dockerfile.\n");
        for own in &export.variables {
            text.push_str(&comments::because(own, "# "));
            text.push_str(&match literal(own) {
                Some(value) => format!("ENV {}=\"{}\"\n", own.name, escaped(&value)),
                // Go takes an empty one for none.
                None => format!("ENV {}=\"\"\n", own.name),
            });
        }
        Ok(one("Dockerfile.gosweep", text))
    }
}

/// Within double quotes, where a dollar begins a variable.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('$', "\\$")
}
