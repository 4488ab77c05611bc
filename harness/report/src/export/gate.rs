//! A rules file that holds what was promised.

use documents::export::{Carrier, Export};

use super::{ExportError, ExportFile, ExportFormat, comments, one, yaml};

/// Rules for `gosweep gate`.
#[derive(Debug, Clone, Copy)]
pub struct Gate;

impl ExportFormat for Gate {
    fn carrier(&self) -> Carrier {
        Carrier::Rules
    }

    fn files(&self, export: &Export) -> Result<Vec<ExportFile>, ExportError> {
        let mut text = comments::head(export, "# ", "take the gate out of the pipeline");
        text.push_str(&comments::lines(
            "Baseline is the control, candidate the recommended cell of one run: gosweep gate RUN_DIR --rules \
             gosweep-gate.yaml --candidate CELL. Limits on collections and memory follow the service and the rate; measured \
             on another host or at another rate they are others.",
            "# ",
            "",
        ));
        let why = format!(
            "what was promised of {} in run {}",
            export.cell.label, export.run
        );
        text.push_str(&format!("why: {}\nrules:\n", yaml::quoted(&why)));
        for own in &export.rules {
            match &own.text {
                Some(rule) => {
                    text.push_str(&comments::lines(&own.because, "  # ", ""));
                    text.push_str(&format!("  - {rule}\n"));
                }
                None => {
                    let words = format!("not promised: {}", own.because);
                    text.push_str(&comments::lines(&words, "  # ", ""));
                }
            }
        }
        Ok(one("gosweep-gate.yaml", text))
    }
}
