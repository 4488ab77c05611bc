//! `//go:debug` lines: a file of the program's main package.

use documents::export::{Carrier, Export};

use super::{ExportError, ExportFile, ExportFormat, comments, one};

/// A Go file.
#[derive(Debug, Clone, Copy)]
pub struct Godebug;

impl ExportFormat for Godebug {
    fn carrier(&self) -> Carrier {
        Carrier::Source
    }

    fn files(&self, export: &Export) -> Result<Vec<ExportFile>, ExportError> {
        let undo = "take this file out and build again";
        let mut text = comments::head(export, "// ", undo);
        text.push_str("// This file belongs to the main package.\n\n");
        for (key, value) in &export.godebug {
            text.push_str(&format!("//go:debug {key}={value}\n"));
        }
        text.push_str("\npackage main\n");
        Ok(one("gosweep_godebug.go", text))
    }
}
