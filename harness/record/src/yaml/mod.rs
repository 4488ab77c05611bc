//! YAML that people write, as a tree that remembers where everything stood.
//!
//! Files are decoded by hand from this tree instead of through derived serde types, because serde stops at the first
//! error and a person wants them all. This is the only module that names the YAML package.

mod fields;
mod node;
mod scalars;

pub(crate) use fields::shown;
pub use fields::{Decoder, Fields};
pub use node::{Entry, MOST_BYTES, Node, Scalar, Shape, parse};
pub(crate) use scalars::{flag, option_name, plain_name, variable_name, whole};
