//! The identity of a cell.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A stable name of a cell: the first 12 hexadecimal digits of a hash over everything that defines it: target file,
/// artifact, options, settings, CPUs, load.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CellId(String);

impl CellId {
    /// The id of the cell that these parts define. The order of parts matters; part borders are part of the hash.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> CellId {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        CellId(
            digest
                .iter()
                .take(6)
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_between_parts_count() {
        assert_ne!(CellId::of(["ab", "c"]), CellId::of(["a", "bc"]));
        assert_eq!(CellId::of(["ab", "c"]).as_str().len(), 12);
    }
}
