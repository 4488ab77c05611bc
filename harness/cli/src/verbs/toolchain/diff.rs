//! `gosweep toolchain diff`: what changed between two GOROOTs.

use std::path::Path;

use ::toolchain::diff::{AreaDifference, Change, ChangeKind, GorootDifference, diff};
use ::toolchain::{Toolbox, ToolchainSpec, Watch};

use crate::exit::{Ending, Failure};
use crate::output;

/// Prints what changed from one toolchain to another, with so many files and functions per part.
pub(super) fn show(
    from: &str,
    to: &str,
    most: usize,
    json: bool,
    toolbox: &Toolbox,
) -> Result<Ending, Failure> {
    let goroot = |word: &str| -> Result<_, Failure> {
        if word.starts_with(['/', '.']) {
            return std::path::absolute(Path::new(word)).map_err(Failure::usage);
        }
        let spec: ToolchainSpec = word.parse().map_err(Failure::usage)?;
        let found = ::toolchain::install(&spec, toolbox, Watch::silent());
        Ok(found.map_err(Failure::usage)?.goroot)
    };
    let difference = diff(&goroot(from)?, &goroot(to)?).map_err(Failure::usage)?;
    if json {
        output::print_json(&difference)?;
    } else {
        output::print(&text(&difference, most))?;
    }
    Ok(Ending::Pass)
}

fn text(difference: &GorootDifference, most: usize) -> String {
    let mut text = format!("{} to {}\n", difference.from, difference.to);
    for area in &difference.areas {
        text.push_str(&area_text(area, most));
    }
    for (what, names) in [
        ("new metrics", &difference.metrics_new),
        ("metrics gone", &difference.metrics_gone),
        ("new GODEBUG keys", &difference.godebug_new),
        ("GODEBUG keys gone", &difference.godebug_gone),
    ] {
        let names = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        text.push_str(&format!("\n{what}: {names}"));
    }
    text.push_str("\n\ndefaults that change with the go line:\n");
    for own in &difference.defaults_by_go_line {
        text.push_str(&format!(
            "  {}: go {} and older lines have {}={} ({})\n",
            own.key,
            format_args!("1.{}", own.since_minor - 1),
            own.key,
            own.old,
            own.package
        ));
    }
    if difference.defaults_by_go_line.is_empty() {
        text.push_str("  none\n");
    }
    text
}

fn area_text(area: &AreaDifference, most: usize) -> String {
    let mut text = format!(
        "\n{}: {} lines in {} files, {} functions\n",
        area.area.name(),
        area.lines,
        area.files.len(),
        area.functions.len()
    );
    for list in [&area.files, &area.functions] {
        for change in list.iter().take(most) {
            text.push_str(&change_text(change));
        }
        if list.len() > most {
            text.push_str(&format!("  … and {} more\n", list.len() - most));
        }
    }
    text
}

fn change_text(change: &Change) -> String {
    let kind = match change.kind {
        ChangeKind::Changed => "",
        ChangeKind::New => " (new)",
        ChangeKind::Gone => " (gone)",
    };
    format!(
        "  +{:<5} -{:<5} {}{kind}\n",
        change.added, change.removed, change.name
    )
}
