//! Which Go wrote this, by the forms that changed between versions.

use gotrace::gctrace::GcCycle;
use gotrace::schedtrace::SchedSample;

/// What is known of a Go version: a range of minor versions that narrows with every hint.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct GoRange {
    low: Option<u32>,
    high: Option<u32>,
    exact: Option<String>,
    why: Vec<&'static str>,
}

impl GoRange {
    /// A gctrace line: stacks and globals since 1.18, the note of a leak check since 1.26.
    pub(super) fn saw_gc(&mut self, cycle: &GcCycle) {
        if cycle.stacks_mib.is_some() {
            self.at_least(18, "stacks and globals in gctrace lines");
        } else {
            self.at_most(17, "no stacks in gctrace lines");
        }
        if cycle.leak_check {
            self.at_least(26, "leak checks in gctrace lines");
        }
    }

    /// A schedtrace line: needspinning since 1.20, schedticks since 1.25.
    pub(super) fn saw_sched(&mut self, sample: &SchedSample) {
        if sample.schedticks.is_some() {
            self.at_least(25, "schedticks in schedtrace lines");
        } else if sample.head.needspinning.is_some() {
            self.at_least(20, "needspinning in schedtrace lines");
            self.at_most(24, "no schedticks in schedtrace lines");
        } else {
            self.at_most(19, "no needspinning in schedtrace lines");
        }
    }

    /// Something that Go prints from a minor version on.
    pub(super) fn at_least(&mut self, minor: u32, why: &'static str) {
        if self.low.is_none_or(|low| low < minor) {
            self.low = Some(minor);
            self.noted(why);
        }
    }

    /// Something that Go printed up to a minor version.
    pub(super) fn at_most(&mut self, minor: u32, why: &'static str) {
        if self.high.is_none_or(|high| high > minor) {
            self.high = Some(minor);
            self.noted(why);
        }
    }

    /// A source file of the runtime whose path names a release.
    pub(super) fn saw_path(&mut self, path: &str) {
        if self.exact.is_none() {
            self.exact = release_in(path);
        }
    }

    fn noted(&mut self, why: &'static str) {
        if !self.why.contains(&why) {
            self.why.push(why);
        }
    }

    /// The range in words; `None` where nothing is known.
    pub(super) fn text(&self) -> Option<String> {
        if let Some(exact) = &self.exact {
            return Some(format!("{exact} (by the path of its sources)"));
        }
        let range = match (self.low, self.high) {
            (None, None) => return None,
            (Some(low), Some(high)) if low > high => {
                return Some("several versions, by the forms of the lines".to_owned());
            }
            (Some(low), Some(high)) if low == high => format!("Go 1.{low}"),
            (Some(low), Some(high)) => format!("Go 1.{low} to 1.{high}"),
            (Some(low), None) => format!("Go 1.{low} or later"),
            (None, Some(high)) => format!("Go 1.{high} or earlier"),
        };
        Some(format!("{range} (by {})", self.why.join(" and ")))
    }
}

/// `go1.27.3` of `/usr/local/go1.27.3/src/runtime/proc.go` or of a module cache's
/// `golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64/src/runtime/proc.go`.
fn release_in(path: &str) -> Option<String> {
    let (before, _) = path.split_once("/src/runtime/")?;
    let last = before.rsplit('/').find(|part| part.contains("go1."))?;
    let from = last.find("go1.")?;
    let release: String = last[from..]
        .char_indices()
        .take_while(|(at, c)| *at < 2 || c.is_ascii_digit() || *c == '.')
        .map(|(_, c)| c)
        .collect();
    let release = release.trim_end_matches('.');
    (release.len() > "go1.".len()).then(|| release.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_releases() {
        for (path, release) in [
            ("/usr/local/go1.27.3/src/runtime/proc.go", Some("go1.27.3")),
            (
                "/root/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.24.11.linux-amd64/src/runtime/proc.go",
                Some("go1.24.11"),
            ),
            ("/usr/local/go/src/runtime/proc.go", None),
            ("runtime/proc.go", None),
            ("/go1.x/src/runtime/proc.go", None),
        ] {
            assert_eq!(release_in(path).as_deref(), release, "{path}");
        }
    }

    #[test]
    fn ranges_narrow() {
        let mut range = GoRange::default();
        assert_eq!(range.text(), None);
        range.at_least(18, "a");
        range.at_least(25, "b");
        range.at_least(20, "c");
        assert_eq!(
            range.text().as_deref(),
            Some("Go 1.25 or later (by a and b)")
        );
        range.at_most(25, "d");
        assert_eq!(range.text().as_deref(), Some("Go 1.25 (by a and b and d)"));
        range.at_most(17, "e");
        assert_eq!(
            range.text().as_deref(),
            Some("several versions, by the forms of the lines")
        );
    }
}
