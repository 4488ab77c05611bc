//! What the builds of both sides say of themselves.

use documents::upgrade::BuildFact;
use gotrace::GoVersion;
use gotrace::buildinfo::BuildInfo;
use gotrace::environment::find_experiment;
use record::run::{Artifact, Cell, Run};

use super::defaults::Sides;

/// Go, go line, DefaultGODEBUG and collector of both sides.
pub(super) fn builds(run: &Run, old: &Cell, new: &Cell, sides: &Sides) -> Vec<BuildFact> {
    let infos = [old, new].map(|cell| artifact(run, cell).map(|own| own.go_version_m.as_str()));
    let infos = infos.map(|text| text.and_then(|text| BuildInfo::parse(text).ok()));
    let fact = |what: &str, [old, new]: [String; 2]| BuildFact {
        what: what.to_owned(),
        old,
        new,
    };
    let versions = [&sides.from, &sides.to];
    let lines = match sides.module_line {
        Some(_) => sides.lines().map(|line| line_text(&line)),
        None => ["not known".to_owned(), "not known".to_owned()],
    };
    let debug = infos.each_ref().map(|info| match info {
        None => "not recorded".to_owned(),
        Some(info) => match info.setting("DefaultGODEBUG") {
            None | Some("") => "none".to_owned(),
            Some(pairs) => pairs.to_owned(),
        },
    });
    vec![
        fact("Go", versions.map(ToString::to_string)),
        fact("go line", lines),
        fact("DefaultGODEBUG", debug),
        fact("collector", versions.map(collector)),
    ]
}

fn artifact<'a>(run: &'a Run, cell: &Cell) -> Option<&'a Artifact> {
    run.artifacts.iter().find(|own| own.sha256 == cell.artifact)
}

fn line_text(line: &GoVersion) -> String {
    format!("{}.{}", line.major(), line.minor())
}

fn collector(version: &GoVersion) -> String {
    let asked = |name: &str| version.experiments().iter().any(|own| own == name);
    let by_default = find_experiment("greenteagc").is_some_and(|row| row.in_force_in(version));
    match (by_default || asked("greenteagc")) && !asked("nogreenteagc") {
        true => "Green Tea".to_owned(),
        false => "mark and sweep by objects".to_owned(),
    }
}
