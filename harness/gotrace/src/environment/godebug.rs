//! GODEBUG strings and pairs against the table of keys.

use super::VERIFIED_MINORS;
use super::declared_table::KNOWN_RELEASES;
use super::godebug_table::{GODEBUG_KEYS, GodebugKey, Role, Values};
use super::problem::{Problem, ProblemKind, SettingVerdict, nearest};
use crate::GoVersion;

/// The table's row for a key.
#[must_use]
pub fn find_godebug(name: &str) -> Option<&'static GodebugKey> {
    GODEBUG_KEYS
        .binary_search_by(|row| row.name.cmp(name))
        .ok()
        .map(|at| &GODEBUG_KEYS[at])
}

/// Splits a GODEBUG string into its pairs, as `parsegodebug` does (runtime/runtime1.go).
///
/// # Errors
/// [`ProblemKind::SilentlyIgnored`] for parts without `=`, with spaces around, or joined by `;`:
/// Go silently skips those.
pub fn godebug_pairs(text: &str) -> Result<Vec<(&str, &str)>, Problem> {
    let mut pairs = Vec::new();
    for field in text.split(',').filter(|field| !field.is_empty()) {
        let ignored = |why: &str, cure: &str| {
            Problem::new(
                ProblemKind::SilentlyIgnored,
                format!("GODEBUG part \"{field}\" {why}; Go would silently ignore it"),
                cure,
            )
        };
        if field.contains(';') {
            return Err(ignored("holds a semicolon", "separate pairs by commas")
                .suggesting(text.replace(';', ",")));
        }
        if field.contains(char::is_whitespace) {
            return Err(
                ignored("holds white space", "write key=value without spaces")
                    .suggesting(text.replace(char::is_whitespace, "")),
            );
        }
        let (key, value) = field
            .split_once('=')
            .ok_or_else(|| ignored("has no \"=\"", "write it as key=value"))?;
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// Checks every pair of a GODEBUG string and joins the notes.
///
/// # Errors
/// The first [`Problem`] of [`godebug_pairs`] or [`check_godebug`], and
/// [`ProblemKind::SilentlyIgnored`] for a key given twice (the last one wins in Go).
pub fn check_godebug_string(
    text: &str,
    version: Option<&GoVersion>,
) -> Result<SettingVerdict, Problem> {
    let pairs = godebug_pairs(text)?;
    let mut whole = SettingVerdict::default();
    for (at, (key, value)) in pairs.iter().enumerate() {
        if pairs[..at].iter().any(|(earlier, _)| earlier == key) {
            return Err(Problem::new(
                ProblemKind::SilentlyIgnored,
                format!("GODEBUG names \"{key}\" twice; Go would use only the last"),
                "keep one of them",
            ));
        }
        let verdict = check_godebug(key, value, version)?;
        whole.discouraged |= verdict.discouraged;
        for note in verdict.notes {
            if !whole.notes.contains(&note) {
                whole.notes.push(note);
            }
        }
    }
    Ok(whole)
}

/// Whether a matrix may set this GODEBUG pair, for one Go version or (with `None`) for any.
///
/// # Errors
/// - [`ProblemKind::Unknown`] with the nearest known key as suggestion;
/// - [`ProblemKind::Observation`] for trace keys, which the harness merges itself;
/// - [`ProblemKind::AbortsAtStart`] for `cgocheck=2` and, on 1.27, removed keys at old values;
/// - [`ProblemKind::AbsentInVersion`] if that version lacks the key;
/// - [`ProblemKind::SilentlyIgnored`] for a value that Go would not act upon.
pub fn check_godebug(
    key: &str,
    value: &str,
    version: Option<&GoVersion>,
) -> Result<SettingVerdict, Problem> {
    if let Some(feature) = key.strip_prefix("cpu.") {
        return check_cpu_feature(key, feature, value);
    }
    let row = find_godebug(key).ok_or_else(|| unknown(key))?;
    if row.role == Role::Observation {
        return Err(Problem::new(
            ProblemKind::Observation,
            format!("GODEBUG {key} changes what is printed, not what is measured"),
            "drop it from the matrix; ask for the observation and the harness sets the key",
        ));
    }
    refuse_abort(row, value, version)?;
    if let Some(version) = version {
        refuse_absent(row, version)?;
    }
    check_value(row, value, version)?;

    let mut verdict = SettingVerdict {
        notes: Vec::new(),
        discouraged: row.role == Role::Debugging,
    };
    if verdict.discouraged {
        verdict.notes.push(format!(
            "{key} exists to debug Go itself ({}); figures under it are not comparable",
            row.effect
        ));
    }
    verdict.notes.extend(default_note(row, value, version));
    if let Some(version) = version {
        note_unverified(version, &mut verdict);
    } else if let Some(range) = row.range() {
        verdict.notes.push(format!("{key} exists {range}"));
    }
    if row.is_undocumented() {
        verdict.notes.push(format!(
            "{key} is undocumented ({}): Go may drop it in any release",
            row.effect
        ));
    }
    Ok(verdict)
}

/// Says that a value is the default already, which makes for a wasted cell.
fn default_note(row: &GodebugKey, value: &str, version: Option<&GoVersion>) -> Option<String> {
    let name = row.name;
    let version = version.cloned().unwrap_or_else(newest_known);
    match row.older_go_line(&version) {
        Some((minor, old)) => (row.default == Some(value)).then(|| {
            format!("{name}={value} is the default from a go line of 1.{minor} on; older go lines get {old}")
        }),
        None => {
            let holds = row.value_without_setting(&version, &version);
            (holds.as_deref() == Some(value)).then(|| format!("{name}={value} is the default already"))
        }
    }
}

/// The newest release whose sources the tables were made from.
fn newest_known() -> GoVersion {
    let (minor, patch) = KNOWN_RELEASES.last().copied().unwrap_or((27, 0));
    GoVersion::release(minor, patch)
}

/// Adds the sentence that tells answers about other minor versions from verified ones.
pub(super) fn note_unverified(version: &GoVersion, verdict: &mut SettingVerdict) {
    if !VERIFIED_MINORS.contains(&version.minor()) {
        verdict.notes.push(format!(
            "Go 1.{} is outside 1.{} to 1.{}, for which this table was verified",
            version.minor(),
            VERIFIED_MINORS.start(),
            VERIFIED_MINORS.end()
        ));
    }
}

fn unknown(key: &str) -> Problem {
    let problem = Problem::new(
        ProblemKind::Unknown,
        format!(
            "GODEBUG key \"{key}\" exists in no Go version from 1.21 to 1.27; Go would silently ignore it"
        ),
        "correct the name or drop it",
    );
    match nearest(key, GODEBUG_KEYS.iter().map(|row| row.name)) {
        Some(near) => problem.suggesting(near),
        None => problem,
    }
}

fn refuse_abort(row: &GodebugKey, value: &str, version: Option<&GoVersion>) -> Result<(), Problem> {
    let abort = row.aborts.iter().find(|abort| abort.value == value);
    let removed = version.is_some_and(|version| row.removed_values(version).contains(&value));
    let (versions, because) = match (abort, version) {
        (Some(abort), _) => ("every Go version".to_owned(), abort.because),
        (None, Some(version)) if removed => (
            format!(
                "Go 1.{} and later",
                version.minor().min(FIRST_TO_REFUSE_REMOVED)
            ),
            "fatal error: removed GODEBUG set to old value",
        ),
        _ => return Ok(()),
    };
    Err(Problem::new(
        ProblemKind::AbortsAtStart,
        format!(
            "GODEBUG {}={value} ends the process at start on {versions} ({because})",
            row.name
        ),
        "drop the pair for this toolchain",
    ))
}

/// Removed keys at old values are fatal since Go 1.27 (golang/go#76163).
const FIRST_TO_REFUSE_REMOVED: u32 = 27;

fn refuse_absent(row: &GodebugKey, version: &GoVersion) -> Result<(), Problem> {
    if row.exists_in(version) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::AbsentInVersion,
        format!(
            "GODEBUG key \"{}\" does nothing in Go {} (it exists {})",
            row.name,
            version.number(),
            row.range().unwrap_or_default()
        ),
        "drop this cell",
    ))
}

fn check_value(row: &GodebugKey, value: &str, version: Option<&GoVersion>) -> Result<(), Problem> {
    let name = row.name;
    // Without a version, what any of them acts upon.
    let values = version.map_or(row.values, |version| row.values_in(version));
    if let (Some(because), Values::Words(words)) = (row.refuses, values)
        && !words.contains(&value)
    {
        return Err(Problem::new(
            ProblemKind::AbortsAtStart,
            format!("GODEBUG {name}={value} ends the process at start ({because})"),
            format!("use one of {}", words.join(", ")),
        ));
    }
    let ignored = |why: String, cure: &str| {
        Problem::new(
            ProblemKind::SilentlyIgnored,
            format!("GODEBUG {name}=\"{value}\" {why}"),
            cure.to_owned(),
        )
    };
    match values {
        Values::Text => Ok(()),
        Values::Words(words) => {
            if words.contains(&value) {
                return Ok(());
            }
            Err(ignored(
                "is no value that Go acts upon".to_owned(),
                &format!("use one of {}", words.join(", ")),
            ))
        }
        Values::Integer(least, most) => {
            if value.starts_with('+') {
                return Err(ignored(
                    "has a plus sign, which Go takes only from 1.26 on".to_owned(),
                    &format!("use {least} to {most}"),
                ));
            }
            let parsed = value.parse::<i64>().ok();
            match parsed {
                Some(number) if (least..=most).contains(&number) => Ok(()),
                Some(_) => Err(ignored(
                    "is out of range".to_owned(),
                    &format!("use {least} to {most}"),
                )),
                None => Err(ignored(
                    "is not a decimal integer; Go would silently ignore it".to_owned(),
                    &format!("use {least} to {most}"),
                )),
            }
        }
    }
}

/// `cpu.all=off`, `cpu.avx2=off` (internal/cpu.processOptions). The feature names depend on the
/// architecture, so only their shape is checked here; an unknown one is reported by the runtime
/// itself, on stderr, as `GODEBUG: unknown cpu feature`.
fn check_cpu_feature(key: &str, feature: &str, value: &str) -> Result<SettingVerdict, Problem> {
    let named = !feature.is_empty()
        && feature
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !named || !matches!(value, "on" | "off") || (feature == "all" && value == "on") {
        return Err(Problem::new(
            ProblemKind::SilentlyIgnored,
            format!("GODEBUG {key}={value} is no CPU feature switch"),
            "use cpu.<feature>=off, or cpu.all=off",
        ));
    }
    Ok(SettingVerdict {
        notes: vec![format!(
            "{key}={value}: the runtime reports unknown or required features on stderr and ignores them; read that output"
        )],
        discouraged: true,
    })
}

#[cfg(test)]
#[path = "godebug_tests.rs"]
mod tests;
