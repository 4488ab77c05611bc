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

/// The documents, by the names that their schemas have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// `rank`, `report`
    Ranking,
    /// `rank --explore`
    Exploration,
    /// `rank --selftest`
    Proof,
    /// `compare`
    Comparison,
    /// `gate`
    Gate,
    /// `advise`
    Advice,
    /// `diagnose`
    Diagnoses,
    /// `analyze`
    Analysis,
    /// `export`
    Export,
}

/// The schema of a document as it is written (JSON Schema, draft 2020-12).
pub fn schema(of: DocumentKind) -> Schema {
    match of {
        DocumentKind::Ranking => written::<Ranking>(),
        DocumentKind::Exploration => written::<Exploration>(),
        DocumentKind::Proof => written::<Proof>(),
        DocumentKind::Comparison => written::<Comparison>(),
        DocumentKind::Gate => written::<GateReport>(),
        DocumentKind::Advice => written::<Advice>(),
        DocumentKind::Diagnoses => written::<Diagnoses>(),
        DocumentKind::Analysis => written::<Analysis>(),
        DocumentKind::Export => written::<Export>(),
    }
}

fn written<D: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<D>()
}
