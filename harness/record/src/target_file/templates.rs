//! Config files that stand beside a target file: read when the target is used, and checked then.

use std::io;

use super::{Target, decode};
use crate::diagnostic::Diagnostics;
use crate::yaml::{self, Decoder};

/// A template that could not be read.
#[derive(Debug)]
pub struct UnreadTemplate {
    /// As the target file names it.
    pub template: String,
    /// What the system said.
    pub source: io::Error,
}

impl Target {
    /// The target with the texts of its templates, which `read` gets by the name that the target file has for them.
    /// What could not be checked without them is checked now.
    ///
    /// # Errors
    /// A template that cannot be read, or what is wrong with the target.
    pub fn with_templates(
        mut self,
        read: impl Fn(&str) -> io::Result<String>,
    ) -> Result<Result<Target, Diagnostics>, UnreadTemplate> {
        let mut any = false;
        for file in &mut self.files {
            let Some(template) = &file.template else {
                continue;
            };
            any = true;
            file.text = read(template).map_err(|source| UnreadTemplate {
                template: template.clone(),
                source,
            })?;
        }
        if !any {
            return Ok(Ok(self));
        }
        let Ok(root) = yaml::parse(&self.text) else {
            return Ok(Ok(self));
        };
        let decoder = Decoder::default();
        if let Some(fields) = decoder.fields(&root, "the target", decode::KEYS) {
            decode::check_reached(&decoder, &fields, &self);
        }
        let findings = decoder.into_findings();
        Ok(match findings.is_empty() {
            true => Ok(self),
            false => Err(Diagnostics::new(&self.file, &self.text, findings)),
        })
    }
}
