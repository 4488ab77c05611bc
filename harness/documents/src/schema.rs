//! The JSON Schema of every document, generated from its type.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::advice::Advice;
use crate::analysis::Analysis;
use crate::comparison::Comparison;
use crate::diagnosis::Diagnoses;
use crate::exploration::Exploration;
use crate::export::Export;
use crate::gate::GateReport;
use crate::proof::Proof;
use crate::ranking::Ranking;
use crate::upgrade::Upgrade;

/// A document with a schema.
#[derive(Debug, Clone, Copy)]
pub struct DocumentKind {
    /// The name of its schema.
    pub name: &'static str,
    /// The command that prints it.
    pub printed_by: &'static str,
    schema: fn() -> Schema,
}

/// The documents, in the order in which the command line lists them.
pub const DOCUMENTS: &[DocumentKind] = &[
    kind::<Ranking>("ranking", "`rank --json`, and by `report --format json`"),
    kind::<Exploration>("exploration", "`rank --explore --json`"),
    kind::<Proof>("proof", "`rank --selftest --json`"),
    kind::<Comparison>("comparison", "`compare --json`"),
    kind::<GateReport>("gate", "`gate --json`"),
    kind::<Advice>("advice", "`advise --json`"),
    kind::<Diagnoses>("diagnoses", "`diagnose --json`"),
    kind::<Analysis>("analysis", "`analyze --json`"),
    kind::<Upgrade>("upgrade", "`upgrade --json`"),
    kind::<Export>("export", "`export --json`"),
];

const fn kind<D: JsonSchema>(name: &'static str, printed_by: &'static str) -> DocumentKind {
    DocumentKind {
        name,
        printed_by,
        schema: written::<D>,
    }
}

impl DocumentKind {
    /// The schema of the document as it is written (JSON Schema, draft 2020-12).
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }
}

fn written<D: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<D>()
}
