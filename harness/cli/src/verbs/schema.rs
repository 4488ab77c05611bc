//! `gosweep schema`: the JSON Schema of the files that people write.

use clap::{Args as ClapArgs, ValueEnum};

use crate::exit::{Ending, Failure};
use crate::output;

/// `gosweep schema`.
#[derive(Debug, ClapArgs)]
pub(crate) struct SchemaArgs {
    /// The file format
    #[arg(value_enum)]
    pub(crate) format: SchemaFormat,
}

/// The formats with a schema.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaFormat {
    /// Matrix files
    Matrix,
    /// target.yaml files
    Target,
}

/// Prints a schema.
pub(crate) fn schema(args: &SchemaArgs) -> Result<Ending, Failure> {
    output::print_document(match args.format {
        SchemaFormat::Matrix => record::schema::MATRIX,
        SchemaFormat::Target => record::schema::TARGET,
    })?;
    Ok(Ending::Pass)
}
