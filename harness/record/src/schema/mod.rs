//! JSON Schemas (draft-07) of the files that people write, for editors.
//!
//! They are generated from the tables and words that the decoders go by; a test compares the committed files with that,
//! and writes them anew where `GOSWEEP_UPDATE_SCHEMAS` is set:
//!
//! ```sh
//! GOSWEEP_UPDATE_SCHEMAS=1 cargo test -p record --lib generated
//! ```
//!
//! They help while typing: a name, a kind of value, a description. The decoders stay the judges; what needs the whole
//! file is not in a schema.

/// The schema of a matrix file.
pub const MATRIX: &str = include_str!("../../../../reports/schemas/matrix.schema.json");

/// The schema of a target file.
pub const TARGET: &str = include_str!("../../../../reports/schemas/target.schema.json");

#[cfg(test)]
mod generated;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod target;
#[cfg(test)]
mod tests;
