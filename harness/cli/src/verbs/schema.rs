//! `gosweep schema`: the JSON Schema of the files that people write.

use crate::args::{SchemaArgs, SchemaFormat};
use crate::exit::{Ending, Failure};
use crate::output;

/// Prints a schema.
pub(crate) fn schema(args: &SchemaArgs) -> Result<Ending, Failure> {
    output::print(match args.format {
        SchemaFormat::Matrix => record::schema::MATRIX,
        SchemaFormat::Target => record::schema::TARGET,
    })?;
    Ok(Ending::Pass)
}
