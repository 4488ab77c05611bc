//! `gosweep schema`: the JSON Schema of the files that people write, and of the documents that gosweep does.

use std::sync::LazyLock;

use clap::builder::PossibleValue;
use clap::{Args as ClapArgs, ValueEnum};
use documents::schema::{DOCUMENTS, DocumentKind};

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
#[derive(Debug, Clone, Copy)]
pub(crate) enum SchemaFormat {
    /// Matrix files.
    Matrix,
    /// target.yaml files.
    Target,
    /// What gosweep prints.
    Document(&'static DocumentKind),
}

impl ValueEnum for SchemaFormat {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<SchemaFormat>> = LazyLock::new(|| {
            let documents = DOCUMENTS.iter().map(SchemaFormat::Document);
            [SchemaFormat::Matrix, SchemaFormat::Target]
                .into_iter()
                .chain(documents)
                .collect()
        });
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            SchemaFormat::Matrix => PossibleValue::new("matrix").help("Matrix files"),
            SchemaFormat::Target => PossibleValue::new("target").help("target.yaml files"),
            SchemaFormat::Document(document) => PossibleValue::new(document.name)
                .help(format!("Printed by {}", document.printed_by)),
        })
    }
}

/// Prints a schema.
pub(crate) fn schema(args: &SchemaArgs) -> Result<Ending, Failure> {
    match args.format {
        SchemaFormat::Matrix => output::print_document(record::schema::MATRIX)?,
        SchemaFormat::Target => output::print_document(record::schema::TARGET)?,
        SchemaFormat::Document(document) => output::print_json(&document.schema())?,
    }
    Ok(Ending::Pass)
}
