//! Reads out of the Go sources which GODEBUG keys and experiments a release has.
//!
//! [`read`] takes the handful of files that it needs from wherever the caller has them: a GOROOT, a clone, an archive.
//! [`differences`] holds what was read against the generated table.

use std::collections::{BTreeMap, BTreeSet};

use super::declared::Declared;
use super::declared_table::{DECLARATIONS, DECLARED_EXPERIMENTS};
use crate::GoVersion;

const GODEBUGS: &str = "src/internal/godebugs/table.go";
const RUNTIME: &str = "src/runtime/runtime1.go";
const TRACE: &str = "src/runtime/trace.go";
const FLAGS: &str = "src/internal/goexperiment/flags.go";
const BASELINE: &str = "src/internal/buildcfg/exp.go";

/// Files of the standard library that hold a key no table lists, with the package of each. A test on a whole GOROOT
/// fails when one is missing here.
pub const UNDOCUMENTED_FILES: &[(&str, &str)] = &[
    (
        "src/crypto/internal/fips140/cast.go",
        "crypto/internal/fips140",
    ),
    (
        "src/crypto/internal/fips140/fips140.go",
        "crypto/internal/fips140",
    ),
    ("src/internal/fuzz/fuzz.go", "internal/fuzz"),
    ("src/internal/intern/intern.go", "internal/intern"),
    ("src/mime/multipart/formdata.go", "mime/multipart"),
    ("src/os/exec/exec.go", "os/exec"),
    ("src/simd/midway_common.go", "simd"),
];

/// Every file that [`read`] may ask for.
pub fn files() -> impl Iterator<Item = &'static str> {
    let tables = [GODEBUGS, RUNTIME, TRACE, FLAGS, BASELINE].into_iter();
    tables.chain(UNDOCUMENTED_FILES.iter().map(|(path, _)| *path))
}

/// Why the sources could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourcesError {
    /// A file that every known release has is not there.
    #[error("no file {file}: is this the root of a Go tree?")]
    Missing {
        /// Its path below the root.
        file: &'static str,
    },
    /// A file is written otherwise than in the releases that this reader was made for.
    #[error(
        "{file}: {what} not found or not understood; teach gotrace::environment::sources its form"
    )]
    Form {
        /// Its path below the root.
        file: &'static str,
        /// The declaration or line.
        what: String,
    },
}

/// What is declared of a key: [`Declared`] with texts of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// See [`Declared::Runtime`].
    Runtime {
        /// Its default on Linux.
        default: i64,
    },
    /// See [`Declared::Source`].
    Source {
        /// The package that reads it.
        package: String,
        /// Since which go line the default is another, and the one before.
        changed: Option<(u32, String)>,
    },
    /// See [`Declared::Undocumented`].
    Undocumented {
        /// The package that reads it.
        package: String,
    },
    /// See [`Declared::Removed`].
    Removed {
        /// The minor version that removed it.
        minor: u32,
        /// The values that end the process at start.
        old: Vec<String>,
    },
}

impl From<Declared> for Found {
    fn from(declared: Declared) -> Self {
        match declared {
            Declared::Runtime { default } => Self::Runtime { default },
            Declared::Source { package, changed } => Self::Source {
                package: package.to_owned(),
                changed: changed.map(|(minor, old)| (minor, old.to_owned())),
            },
            Declared::Undocumented { package } => Self::Undocumented {
                package: package.to_owned(),
            },
            Declared::Removed { minor, old } => Self::Removed {
                minor,
                old: old.iter().map(|value| (*value).to_owned()).collect(),
            },
        }
    }
}

/// What the sources of one release declare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReleaseFacts {
    /// Keys with their declarations; a key may be in several tables.
    pub keys: BTreeSet<(String, Found)>,
    /// Experiments, and whether linux/amd64 has them on.
    pub experiments: BTreeMap<String, bool>,
}

/// The declarations in the text of internal/godebugs/table.go, which Go has from 1.21 on.
///
/// # Errors
/// [`SourcesError::Form`].
pub fn godebugs_table(text: &str) -> Result<BTreeSet<(String, Found)>, SourcesError> {
    let mut keys = BTreeSet::new();
    source_keys(text, &mut keys)?;
    Ok(keys)
}

/// Reads one release. `file` gives the text of a file by its path below the root, `None` if there is no such file.
///
/// # Errors
/// [`SourcesError`] if a table is missing or is written in a form that this reader does not know.
pub fn read(file: &dyn Fn(&str) -> Option<String>) -> Result<ReleaseFacts, SourcesError> {
    let needed = |path: &'static str| file(path).ok_or(SourcesError::Missing { file: path });
    let mut facts = ReleaseFacts::default();
    source_keys(&needed(GODEBUGS)?, &mut facts.keys)?;
    let trace = file(TRACE).unwrap_or_default();
    runtime_keys(&needed(RUNTIME)?, &trace, &mut facts.keys)?;
    for (path, package) in UNDOCUMENTED_FILES {
        for name in hidden_keys(&file(path).unwrap_or_default()) {
            let package = (*package).to_owned();
            facts.keys.insert((name, Found::Undocumented { package }));
        }
    }
    facts.experiments = experiments(&needed(FLAGS)?, &needed(BASELINE)?)?;
    Ok(facts)
}

/// Names in `godebug.New("#name")` and `godebug.Value("#name")`: the keys that are meant to stay undocumented.
#[must_use]
pub fn hidden_keys(text: &str) -> BTreeSet<String> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let called = code.flat_map(|line| {
        let calls = ["godebug.New(\"#", "godebug.Value(\"#"];
        calls
            .into_iter()
            .flat_map(move |call| line.split(call).skip(1))
    });
    let names = called.filter_map(|rest| rest.split('"').next());
    // Those of one other processor do nothing here.
    let names = names.filter(|name| !name.starts_with("ppc64") && !name.starts_with("cpu."));
    names.map(str::to_owned).collect()
}

/// What the table has of a release and the sources have not (`-`), and the other way round (`+`); empty if they agree.
#[must_use]
pub fn differences(version: &GoVersion, found: &ReleaseFacts) -> Vec<String> {
    let rows = DECLARATIONS
        .iter()
        .filter(|row| row.releases.contains(version));
    let ours: BTreeSet<(String, Found)> = rows
        .map(|row| (row.name.to_owned(), row.what.into()))
        .collect();
    let rows = DECLARED_EXPERIMENTS
        .iter()
        .filter(|row| row.releases.contains(version));
    let experiments: BTreeMap<String, bool> =
        rows.map(|row| (row.name.to_owned(), row.on)).collect();
    let mut lines = Vec::new();
    lines.extend(ours.difference(&found.keys).map(|row| format!("- {row:?}")));
    lines.extend(found.keys.difference(&ours).map(|row| format!("+ {row:?}")));
    for (name, on) in &experiments {
        if found.experiments.get(name) != Some(on) {
            lines.push(format!("- experiment {name}, on by default: {on}"));
        }
    }
    for (name, on) in &found.experiments {
        if experiments.get(name) != Some(on) {
            lines.push(format!("+ experiment {name}, on by default: {on}"));
        }
    }
    lines
}

/// `{Name: "panicnil", Package: "runtime", Changed: 21, Old: "1"},` and the lines of `Removed`.
fn source_keys(text: &str, keys: &mut BTreeSet<(String, Found)>) -> Result<(), SourcesError> {
    let form = |line: &str| SourcesError::Form {
        file: GODEBUGS,
        what: line.trim().to_owned(),
    };
    let rows = block(text, "var All = []Info{").ok_or_else(|| form("var All"))?;
    for line in rows
        .lines()
        .filter(|line| line.trim_start().starts_with('{'))
    {
        let name = quoted_after(line, "Name: ").ok_or_else(|| form(line))?;
        let package = quoted_after(line, "Package: ")
            .ok_or_else(|| form(line))?
            .to_owned();
        let changed = match (number_after(line, "Changed: "), quoted_after(line, "Old: ")) {
            (Some(minor), Some(old)) => {
                let minor = u32::try_from(minor).map_err(|_| form(line))?;
                Some((minor, old.to_owned()))
            }
            (None, None) => None,
            _ => return Err(form(line)),
        };
        keys.insert((name.to_owned(), Found::Source { package, changed }));
    }
    let Some(rows) = block(text, "var Removed = []RemovedInfo{") else {
        return Ok(());
    };
    for line in rows
        .lines()
        .filter(|line| line.trim_start().starts_with('{'))
    {
        let name = quoted_after(line, "Name: ").ok_or_else(|| form(line))?;
        let minor = number_after(line, "Removed: ").and_then(|minor| u32::try_from(minor).ok());
        // Up to 1.26 a removed key is no error at all.
        let old = match line.split_once("Old: ") {
            None => Vec::new(),
            Some((_, rest)) if rest.starts_with("zero}") => vec!["0".to_owned()],
            Some((_, rest)) if rest.starts_with("one}") => vec!["1".to_owned()],
            Some((_, rest)) => {
                let predicate = rest.split("}}").next().unwrap_or_default();
                let values = predicate.split("s == \"").skip(1);
                values
                    .filter_map(|value| Some(value.split('"').next()?.to_owned()))
                    .collect()
            }
        };
        let minor = minor.ok_or_else(|| form(line))?;
        keys.insert((name.to_owned(), Found::Removed { minor, old }));
    }
    Ok(())
}

/// `{name: "containermaxprocs", value: &debug.containermaxprocs, def: 1},`, and `debug.cgocheck = 1` further down.
fn runtime_keys(
    text: &str,
    trace: &str,
    keys: &mut BTreeSet<(String, Found)>,
) -> Result<(), SourcesError> {
    let form = |line: &str| SourcesError::Form {
        file: RUNTIME,
        what: line.trim().to_owned(),
    };
    let rows = block(text, "var dbgvars = []*dbgVar{").ok_or_else(|| form("var dbgvars"))?;
    let heads = [
        "func parsedebugvars() {",
        "func parseRuntimeDebugVars(godebug string) {",
    ];
    let body = heads.into_iter().find_map(|head| block(text, head));
    let body = body.ok_or_else(|| form("the function that parses dbgvars"))?;
    // What comes after the loop over the table depends on what was set.
    let body = body.split("range dbgvars").next().unwrap_or_default();
    for line in rows
        .lines()
        .filter(|line| line.trim_start().starts_with('{'))
    {
        let name = quoted_after(line, "name: ").ok_or_else(|| form(line))?;
        let field = line
            .split("&debug.")
            .nth(1)
            .and_then(|rest| rest.split([',', '}']).next());
        let field = field.ok_or_else(|| form(line))?;
        let assigned = body.split(&format!("\tdebug.{field} = ")).nth(1);
        let default = match (line.contains("def: "), assigned) {
            (true, _) => number_after(line, "def: ").ok_or_else(|| form(line))?,
            (false, None) => 0,
            (false, Some(value)) if value.starts_with("defaultTraceAdvancePeriod") => {
                nanoseconds_of_period(trace).ok_or(SourcesError::Form {
                    file: TRACE,
                    what: "defaultTraceAdvancePeriod".to_owned(),
                })?
            }
            (false, Some(value)) => leading_number(value).ok_or_else(|| form(value))?,
        };
        keys.insert((name.to_owned(), Found::Runtime { default }));
    }
    // Read apart, since it is no 32-bit integer; its default stands in runtime/mprof.go.
    if text.contains("key == \"memprofilerate\"") {
        keys.insert((
            "memprofilerate".to_owned(),
            Found::Runtime { default: 512 << 10 },
        ));
    }
    Ok(())
}

/// `defaultTraceAdvancePeriod = 1e9 // 1 second.`
fn nanoseconds_of_period(trace: &str) -> Option<i64> {
    let value = trace.split("defaultTraceAdvancePeriod = ").nth(1)?;
    let word = value.split_whitespace().next()?;
    match word.split_once('e') {
        Some((digits, exponent)) => {
            let factor = 10_i64.checked_pow(exponent.parse().ok()?)?;
            digits.parse::<i64>().ok()?.checked_mul(factor)
        }
        None => word.parse().ok(),
    }
}

fn experiments(flags: &str, baseline: &str) -> Result<BTreeMap<String, bool>, SourcesError> {
    let missing = |file, what: &str| SourcesError::Form {
        file,
        what: what.to_owned(),
    };
    let fields = block(flags, "type Flags struct {").ok_or_else(|| missing(FLAGS, "Flags"))?;
    let on = block(baseline, "baseline := goexperiment.Flags{")
        .ok_or_else(|| missing(BASELINE, "baseline"))?;
    let on: BTreeMap<String, bool> = on
        .lines()
        .filter_map(|line| line.trim().trim_end_matches(',').split_once(':'))
        // The others are conditions that linux/amd64 meets (`regabiSupported`, `haveXchg8`, `dwarf5Supported`).
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim() != "false"))
        .collect();
    let names = fields
        .lines()
        .filter_map(|line| line.trim().strip_suffix(" bool"));
    Ok(names
        .map(|name| name.trim().to_ascii_lowercase())
        .map(|name| {
            let on = on.get(&name).copied().unwrap_or(false);
            (name, on)
        })
        .collect())
}

/// What follows a head, up to the line that closes it at the head's own indent.
fn block<'a>(text: &'a str, head: &str) -> Option<&'a str> {
    let at = text.find(head)?;
    let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = &text[line_start..at];
    let body = &text[at + head.len()..];
    let end = body.find(&format!("\n{indent}}}"))?;
    Some(&body[..end])
}

fn quoted_after<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    let rest = line.split(label).nth(1)?.strip_prefix('"')?;
    rest.split('"').next()
}

fn number_after(line: &str, label: &str) -> Option<i64> {
    leading_number(line.split(label).nth(1)?)
}

fn leading_number(text: &str) -> Option<i64> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
