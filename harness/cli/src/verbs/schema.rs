//! `gosweep schema`: the JSON Schema of the files that people write, and of the documents that gosweep does.

use clap::{Args as ClapArgs, ValueEnum};
use documents::schema::DocumentKind;

use crate::exit::{Ending, Failure};
use crate::output;

/// `gosweep schema`.
#[derive(Debug, ClapArgs)]
pub(crate) struct SchemaArgs {
    /// The file format
    #[arg(value_enum)]
    pub(crate) format: SchemaFormat,
    /// For scripts that always ask for JSON: a schema is nothing else
    #[arg(long)]
    pub(crate) json: bool,
}

/// The formats with a schema.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaFormat {
    /// Matrix files
    Matrix,
    /// target.yaml files
    Target,
    /// What `rank --json` and `report --format json` print
    Ranking,
    /// What `rank --explore --json` prints
    Exploration,
    /// What `rank --selftest --json` prints
    Proof,
    /// What `compare --json` prints
    Comparison,
    /// What `gate --json` prints
    Gate,
    /// What `advise --json` prints
    Advice,
    /// What `diagnose --json` prints
    Diagnoses,
    /// What `analyze --json` prints
    Analysis,
    /// What `export --json` prints, besides its files
    Export,
}

impl SchemaFormat {
    /// The document, for those that gosweep writes.
    fn document(self) -> Option<DocumentKind> {
        Some(match self {
            SchemaFormat::Matrix | SchemaFormat::Target => return None,
            SchemaFormat::Ranking => DocumentKind::Ranking,
            SchemaFormat::Exploration => DocumentKind::Exploration,
            SchemaFormat::Proof => DocumentKind::Proof,
            SchemaFormat::Comparison => DocumentKind::Comparison,
            SchemaFormat::Gate => DocumentKind::Gate,
            SchemaFormat::Advice => DocumentKind::Advice,
            SchemaFormat::Diagnoses => DocumentKind::Diagnoses,
            SchemaFormat::Analysis => DocumentKind::Analysis,
            SchemaFormat::Export => DocumentKind::Export,
        })
    }
}

/// Prints a schema.
pub(crate) fn schema(args: &SchemaArgs) -> Result<Ending, Failure> {
    match args.format.document() {
        Some(document) => output::print_json(&documents::schema::schema(document))?,
        None => output::print_document(match args.format {
            SchemaFormat::Target => record::schema::TARGET,
            _ => record::schema::MATRIX,
        })?,
    }
    Ok(Ending::Pass)
}
