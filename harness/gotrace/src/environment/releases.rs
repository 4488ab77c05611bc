//! Which Go releases have something: stretches of minor versions, each from a patch on.
//!
//! A change is often back-ported: `urlmaxqueryparams` came with 1.26.0, 1.25.6 and 1.24.12, so neither "since 1.24" nor
//! "since 1.26" is right for it. A [`Span`] says from which patch of its first minor version on; the minor versions after
//! it have it whole.
//!
//! Patches that came after the table was made are taken to be like the newest known patch of their minor version.

use super::VERIFIED_MINORS;
use crate::GoVersion;

/// A stretch of releases: from `1.first_minor.first_patch` to the newest patch of `1.last_minor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// Minor version that the stretch begins in.
    pub first_minor: u32,
    /// First patch of that minor version.
    pub first_patch: u32,
    /// Last minor version; `None` for a stretch that the newest known version belongs to.
    pub last_minor: Option<u32>,
    /// First patch of `last_minor` that is no longer part of it; `None` if all its later patches are.
    pub before_patch: Option<u32>,
}

/// From `1.minor.patch` on.
pub(super) const fn since(minor: u32, patch: u32) -> Span {
    Span {
        first_minor: minor,
        first_patch: patch,
        last_minor: None,
        before_patch: None,
    }
}

/// From `1.minor.patch` to the last patch of `1.last`.
pub(super) const fn within(minor: u32, patch: u32, last: u32) -> Span {
    Span {
        last_minor: Some(last),
        ..since(minor, patch)
    }
}

/// From `1.minor.patch` to the last release before `1.last.before`.
pub(super) const fn before(minor: u32, patch: u32, last: u32, before: u32) -> Span {
    Span {
        before_patch: Some(before),
        ..within(minor, patch, last)
    }
}

/// The releases that have something, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Releases(pub(super) &'static [Span]);

impl Releases {
    /// Every release that the tables know.
    pub const ALL: Self = Self(&[since(21, 0)]);
    /// None of them.
    pub const NONE: Self = Self(&[]);

    /// The stretches, oldest first.
    #[must_use]
    pub const fn spans(&self) -> &'static [Span] {
        self.0
    }

    /// Whether that version is one of them. Of a version that the tables do not know, the nearest known one answers; a
    /// beta or release candidate is taken for the release that it became.
    #[must_use]
    pub fn contains(&self, version: &GoVersion) -> bool {
        let (oldest, newest) = (*VERIFIED_MINORS.start(), *VERIFIED_MINORS.end());
        if version.minor() < oldest {
            return self.has(oldest, 0);
        }
        if version.minor() > newest {
            return self.has(newest, u32::MAX);
        }
        self.has(version.minor(), version.patch().unwrap_or(0))
    }

    /// Whether `1.minor.patch` is one of them.
    #[must_use]
    pub fn has(&self, minor: u32, patch: u32) -> bool {
        self.0.iter().any(|span| {
            (minor, patch) >= (span.first_minor, span.first_patch)
                && span.last_minor.is_none_or(|last| minor <= last)
                && (span.last_minor != Some(minor)
                    || span.before_patch.is_none_or(|end| patch < end))
        })
    }

    /// Whether at least one patch of a minor version is one of them.
    #[must_use]
    pub fn touches(&self, minor: u32) -> bool {
        self.0.iter().any(|span| {
            span.first_minor <= minor && span.last_minor.is_none_or(|last| minor <= last)
        })
    }

    /// Whether a stretch of them begins after this version.
    #[must_use]
    pub fn resume_after(&self, version: &GoVersion) -> bool {
        let at = (version.minor(), version.patch().unwrap_or(0));
        let mut starts = self
            .0
            .iter()
            .map(|span| (span.first_minor, span.first_patch));
        starts.any(|start| start > at)
    }

    /// `(minor, patch)` that the last stretch begins with.
    #[must_use]
    pub fn newest_start(&self) -> Option<(u32, u32)> {
        let starts = self
            .0
            .iter()
            .map(|span| (span.first_minor, span.first_patch));
        starts.max()
    }

    /// In words: `from 1.24.12 and 1.25.6 on`, `up to 1.26`, `only in 1.23`; `None` if every release is one.
    #[must_use]
    pub fn described(&self) -> Option<String> {
        Self::described_spans(self.0.to_vec())
    }

    /// The same of stretches that may touch or overlap.
    pub(super) fn described_spans(spans: Vec<Span>) -> Option<String> {
        let spans = joined(spans);
        let starts: Vec<String> = spans.iter().map(|span| span.start()).collect();
        let oldest = *VERIFIED_MINORS.start();
        let Some((first, last)) = spans.first().zip(spans.last()) else {
            return Some("in no known release".to_owned());
        };
        let from_the_oldest = (first.first_minor, first.first_patch) == (oldest, 0);
        Some(match (&starts[..], last.end()) {
            ([_], None) if from_the_oldest => return None,
            ([_], Some(end)) if from_the_oldest => format!("up to {end}"),
            ([_], Some(end)) if first.last_minor == Some(first.first_minor) => {
                match first.first_patch {
                    0 => format!("only in {end}"),
                    _ => format!("only in {end}, from {} on", first.start()),
                }
            }
            ([start], Some(end)) => format!("only in {start} to {end}"),
            (_, None) => format!("from {} on", listed(&starts)),
            (_, Some(end)) => format!("from {} on, up to {end}", listed(&starts)),
        })
    }
}

/// In order, with those that follow each other without a gap as one.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable_by_key(|span| (span.first_minor, span.first_patch));
    let mut whole: Vec<Span> = Vec::new();
    for span in spans {
        match whole.last_mut() {
            Some(open) if open.reaches(&span) => {
                if span.end_key() > open.end_key() {
                    (open.last_minor, open.before_patch) = (span.last_minor, span.before_patch);
                }
            }
            _ => whole.push(span),
        }
    }
    whole
}

impl Span {
    /// Whether the other, which begins later, follows without a gap.
    fn reaches(&self, later: &Self) -> bool {
        let start = (later.first_minor, later.first_patch);
        let next_minor = self.last_minor.is_some_and(|last| start == (last + 1, 0));
        start <= self.end_key() || (self.before_patch.is_none() && next_minor)
    }

    /// The first release after it, as far as that is known.
    fn end_key(&self) -> (u32, u32) {
        match (self.last_minor, self.before_patch) {
            (None, _) => (u32::MAX, u32::MAX),
            (Some(last), None) => (last, u32::MAX),
            (Some(last), Some(before)) => (last, before),
        }
    }

    fn start(&self) -> String {
        release(self.first_minor, self.first_patch)
    }

    fn end(&self) -> Option<String> {
        let minor = self.last_minor?;
        Some(match self.before_patch {
            Some(patch) => release(minor, patch.saturating_sub(1)),
            None => format!("1.{minor}"),
        })
    }
}

fn release(minor: u32, patch: u32) -> String {
    match patch {
        0 => format!("1.{minor}"),
        _ => format!("1.{minor}.{patch}"),
    }
}

fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKPORTED: Releases = Releases(&[within(24, 12, 24), within(25, 6, 25), since(26, 0)]);

    #[test]
    fn a_backport_is_in_the_patches_that_have_it_only() {
        for (text, expected) in [
            ("1.23.12", false),
            ("1.24.0", false),
            ("1.24.11", false),
            ("1.24.12", true),
            ("1.24.99", true),
            ("1.25.0", false),
            ("1.25.5", false),
            ("1.25.6", true),
            ("1.26.0", true),
            ("1.26rc1", true),
            ("1.27.4", true),
            ("1.30.1", true),
            ("1.18", false),
        ] {
            let version = GoVersion::parse(text).expect("version");
            assert_eq!(BACKPORTED.contains(&version), expected, "{text}");
        }
        assert!(BACKPORTED.touches(24) && !BACKPORTED.touches(23));
    }

    #[test]
    fn an_end_by_patch_is_one() {
        let until = Releases(const { &[before(23, 0, 24, 2)] });
        assert!(until.has(23, 50) && until.has(24, 1));
        assert!(!until.has(24, 2) && !until.has(25, 0));
        assert_eq!(until.described().as_deref(), Some("only in 1.23 to 1.24.1"));
    }

    #[test]
    fn stretches_are_said_in_words() {
        for (releases, words) in [
            (Releases::ALL, None),
            (BACKPORTED, Some("from 1.24.12 and 1.25.6 on")),
            (Releases(const { &[within(21, 0, 26)] }), Some("up to 1.26")),
            (Releases(const { &[since(25, 0)] }), Some("from 1.25 on")),
            (
                Releases(const { &[within(23, 0, 23)] }),
                Some("only in 1.23"),
            ),
            (
                Releases(const { &[within(22, 0, 26)] }),
                Some("only in 1.22 to 1.26"),
            ),
            (
                Releases(const { &[within(21, 12, 21), within(22, 5, 25)] }),
                Some("from 1.21.12 and 1.22.5 on, up to 1.25"),
            ),
        ] {
            assert_eq!(releases.described().as_deref(), words);
        }
    }
}
