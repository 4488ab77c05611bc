//! GODEBUG strings and pairs against the table of keys.

use super::VERIFIED_MINORS;
use super::godebug_table::{GODEBUG_KEYS, GodebugKey, Role, Values};
use super::problem::{Problem, ProblemKind, Verdict, nearest};
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
pub fn check_godebug_string(text: &str, version: Option<&GoVersion>) -> Result<Verdict, Problem> {
    let pairs = godebug_pairs(text)?;
    let mut whole = Verdict::default();
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
) -> Result<Verdict, Problem> {
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
    check_value(row, value)?;

    let mut verdict = Verdict {
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
    } else if let Some(range) = partial_range(row) {
        verdict.notes.push(format!("{key} exists {range}"));
    }
    Ok(verdict)
}

/// Says that a value is the default already, which makes for a wasted cell.
fn default_note(row: &GodebugKey, value: &str, version: Option<&GoVersion>) -> Option<String> {
    let name = row.name;
    match row.older_go_line {
        // Before the change every go line had the old value.
        Some((minor, old)) if version.is_some_and(|version| !version.at_least(minor)) => {
            (value == old).then(|| format!("{name}={value} is the default already"))
        }
        Some((minor, old)) => (row.default == Some(value)).then(|| {
            format!("{name}={value} is the default from a go line of 1.{minor} on; older go lines get {old}")
        }),
        None => (row.default == Some(value)).then(|| format!("{name}={value} is the default already")),
    }
}

/// Adds the sentence that tells answers about other minor versions from verified ones.
pub(super) fn note_unverified(version: &GoVersion, verdict: &mut Verdict) {
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
    let hit = row.aborts.iter().find(|abort| {
        abort.value == value
            && match version {
                Some(version) => version.at_least(abort.since),
                // Without a version only what every version refuses is an error.
                None => abort.since == 0,
            }
    });
    let Some(abort) = hit else {
        return Ok(());
    };
    let versions = if abort.since == 0 {
        "every Go version".to_owned()
    } else {
        format!("Go 1.{} and later", abort.since)
    };
    Err(Problem::new(
        ProblemKind::AbortsAtStart,
        format!(
            "GODEBUG {}={value} ends the process at start on {versions} ({})",
            row.name, abort.because
        ),
        "drop the pair for this toolchain",
    ))
}

fn refuse_absent(row: &GodebugKey, version: &GoVersion) -> Result<(), Problem> {
    // Outside the verified range the nearest verified version answers.
    let minor = version
        .minor()
        .clamp(*VERIFIED_MINORS.start(), *VERIFIED_MINORS.end());
    let too_early_patch =
        row.name == "disablethp" && version.at_least(21) && !version.at_least_patch(21, 6);
    if row.exists_in(minor) && !too_early_patch {
        return Ok(());
    }
    let range = if too_early_patch {
        "from 1.21.6 on".to_owned()
    } else {
        partial_range(row).unwrap_or_default()
    };
    Err(Problem::new(
        ProblemKind::AbsentInVersion,
        format!(
            "GODEBUG key \"{}\" does nothing in Go {} (it exists {range})",
            row.name,
            version.number()
        ),
        "drop this cell",
    ))
}

/// Where a key exists, if that is not everywhere.
fn partial_range(row: &GodebugKey) -> Option<String> {
    match (row.since, row.until) {
        (..=21, None) => None,
        (..=21, Some(until)) => Some(format!("up to 1.{until}")),
        (since, None) => Some(format!("from 1.{since} on")),
        (since, Some(until)) if since == until => Some(format!("only in 1.{since}")),
        (since, Some(until)) => Some(format!("only in 1.{since} to 1.{until}")),
    }
}

fn check_value(row: &GodebugKey, value: &str) -> Result<(), Problem> {
    let name = row.name;
    let ignored = |why: String, cure: &str| {
        Problem::new(
            ProblemKind::SilentlyIgnored,
            format!("GODEBUG {name}=\"{value}\" {why}"),
            cure.to_owned(),
        )
    };
    match row.values {
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
fn check_cpu_feature(key: &str, feature: &str, value: &str) -> Result<Verdict, Problem> {
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
    Ok(Verdict {
        notes: vec![format!(
            "{key}={value}: the runtime reports unknown or required features on stderr and ignores them; read that output"
        )],
        discouraged: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, value: &str, minor: u32) -> Result<Verdict, Problem> {
        check_godebug(key, value, Some(&GoVersion::release(minor, 9)))
    }

    fn kind(answer: Result<Verdict, Problem>) -> ProblemKind {
        answer.expect_err("should be refused").kind
    }

    #[test]
    fn table_is_sorted_for_the_search() {
        assert!(
            GODEBUG_KEYS
                .windows(2)
                .all(|pair| pair[0].name < pair[1].name)
        );
    }

    #[test]
    fn unknown_keys_get_a_suggestion() {
        let problem = check("madvdontned", "1", 27).expect_err("unknown");
        assert_eq!(problem.kind, ProblemKind::Unknown);
        assert_eq!(problem.suggestion.as_deref(), Some("madvdontneed"));
        let invented = check("schedulertrace", "1", 27).expect_err("invented key");
        assert_eq!(
            (invented.kind, invented.suggestion.as_deref()),
            (ProblemKind::Unknown, Some("schedtrace"))
        );
        assert_eq!(
            check("scheddelay", "1", 27).expect_err("invented").kind,
            ProblemKind::Unknown
        );
    }

    #[test]
    fn presence_follows_the_version() {
        assert!(check("profstackdepth", "64", 23).is_ok());
        assert_eq!(
            kind(check("profstackdepth", "64", 22)),
            ProblemKind::AbsentInVersion
        );
        assert!(check("asynctimerchan", "1", 26).is_ok());
        assert_eq!(
            kind(check("containermaxprocs", "0", 24)),
            ProblemKind::AbsentInVersion
        );
        let early = check_godebug("disablethp", "1", Some(&GoVersion::release(21, 5)));
        assert_eq!(kind(early), ProblemKind::AbsentInVersion);
        assert!(check_godebug("disablethp", "1", Some(&GoVersion::release(21, 6))).is_ok());
        assert!(
            check_godebug("profstackdepth", "64", None)
                .is_ok_and(|verdict| verdict.notes == ["profstackdepth exists from 1.23 on"])
        );
    }

    #[test]
    fn fatal_pairs_are_refused_only_where_fatal() {
        let fatal = [
            ("x509sha1", "1"),
            ("tlskyber", "0"),
            ("gotypesalias", "0"),
            ("tlsunsafeekm", "1"),
            ("tlsrsakex", "1"),
            ("tls3des", "1"),
            ("tls10server", "1"),
            ("x509keypairleaf", "0"),
            ("asynctimerchan", "1"),
            ("asynctimerchan", "2"),
        ];
        for (key, value) in fatal {
            assert_eq!(
                kind(check(key, value, 27)),
                ProblemKind::AbortsAtStart,
                "{key}={value}"
            );
            let before = check(key, value, 26);
            assert!(
                !matches!(&before, Err(problem) if problem.kind == ProblemKind::AbortsAtStart),
                "{key}={value} on 1.26"
            );
        }
        // The other value of a removed key is harmless, but does nothing.
        assert_eq!(
            kind(check("asynctimerchan", "0", 27)),
            ProblemKind::AbsentInVersion
        );
        for minor in 21..=27 {
            assert_eq!(
                kind(check("cgocheck", "2", minor)),
                ProblemKind::AbortsAtStart
            );
        }
        assert_eq!(
            kind(check_godebug("cgocheck", "2", None)),
            ProblemKind::AbortsAtStart
        );
    }

    #[test]
    fn observation_is_the_harness_business_and_debugging_discouraged() {
        for key in [
            "gctrace",
            "schedtrace",
            "scheddetail",
            "scavtrace",
            "gcpacertrace",
            "inittrace",
        ] {
            assert_eq!(kind(check(key, "1", 27)), ProblemKind::Observation, "{key}");
        }
        assert!(check("sbrk", "1", 27).is_ok_and(|verdict| verdict.discouraged));
        assert!(
            check("madvdontneed", "0", 27)
                .is_ok_and(|verdict| !verdict.discouraged && verdict.notes.is_empty())
        );
        assert!(
            check("madvdontneed", "1", 27)
                .is_ok_and(|verdict| verdict.notes == ["madvdontneed=1 is the default already"])
        );
    }

    #[test]
    fn defaults_follow_the_version_and_the_go_line() {
        let note = |value, minor| check("multipathtcp", value, minor).expect("accepted").notes;
        assert_eq!(note("0", 21), ["multipathtcp=0 is the default already"]);
        assert!(note("2", 21).is_empty());
        assert!(note("0", 24).is_empty());
        assert_eq!(
            note("2", 24),
            ["multipathtcp=2 is the default from a go line of 1.24 on; older go lines get 0"]
        );
    }

    #[test]
    fn values_that_go_would_ignore_are_refused() {
        for (key, value) in [
            ("asyncpreemptoff", "abc"),
            ("asyncpreemptoff", ""),
            ("asyncpreemptoff", "+1"),
            ("memprofilerate", "1.5"),
            ("http2server", "off"),
            ("fips140", "yes"),
            ("profstackdepth", "4096"),
        ] {
            assert_eq!(
                kind(check(key, value, 27)),
                ProblemKind::SilentlyIgnored,
                "{key}={value}"
            );
        }
    }

    #[test]
    fn strings_are_split_as_the_runtime_splits_them() {
        assert_eq!(
            godebug_pairs("a=1,b=2,,c=x=y"),
            Ok(vec![("a", "1"), ("b", "2"), ("c", "x=y")])
        );
        assert_eq!(
            godebug_pairs("a=1;b=2")
                .expect_err("semicolon")
                .suggestion
                .as_deref(),
            Some("a=1,b=2")
        );
        assert_eq!(
            godebug_pairs("a=1, b=2")
                .expect_err("space")
                .suggestion
                .as_deref(),
            Some("a=1,b=2")
        );
        assert!(godebug_pairs("a").is_err());
        assert!(check_godebug_string("madvdontneed=0,madvdontneed=1", None).is_err());
        assert!(check_godebug_string("cpu.avx2=off,madvdontneed=0", None).is_ok());
        assert!(check_godebug_string("cpu.all=on", None).is_err());
    }
}
