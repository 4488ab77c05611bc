//! An upgrade of Go for other programs: JUnit XML, with a case per figure that decides, and Go's benchmark format, with a
//! line per trial under the version that ran, for `benchstat -col goversion`.

use std::fmt::Write;

use documents::upgrade::{ObjectiveVerdict, TargetUpgrade, Upgrade, UpgradeObjective};

use crate::error::ReportError;
use crate::format::Format;
use crate::junit::{Junit, escaped};

impl Format<Upgrade> for Junit {
    fn write(&self, upgrade: &Upgrade) -> Result<String, ReportError> {
        Ok(suites(upgrade))
    }
}

fn suites(upgrade: &Upgrade) -> String {
    let all: Vec<_> = upgrade.targets.iter().flat_map(deciding).collect();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    put(
        &mut xml,
        format_args!("<testsuites name=\"gosweep upgrade\" {}>", counts(&all)),
    );
    for target in &upgrade.targets {
        let own: Vec<_> = deciding(target).collect();
        let name = escaped(&format!(
            "{} {} to {}",
            target.target, target.from, target.to
        ));
        let started = escaped(&upgrade.origin.started);
        put(
            &mut xml,
            format_args!(
                "  <testsuite name=\"{name}\" {} timestamp=\"{started}\">",
                counts(&own)
            ),
        );
        for figure in own {
            case(&mut xml, &target.target, figure);
        }
        put(&mut xml, format_args!("  </testsuite>"));
    }
    put(&mut xml, format_args!("</testsuites>"));
    xml
}

fn deciding(target: &TargetUpgrade) -> impl Iterator<Item = &UpgradeObjective> {
    target
        .objectives
        .iter()
        .filter(|own| own.decides && own.verdict.is_some())
}

fn counts(figures: &[&UpgradeObjective]) -> String {
    let with = |verdict| {
        figures
            .iter()
            .filter(|own| own.verdict == Some(verdict))
            .count()
    };
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\"",
        figures.len(),
        with(ObjectiveVerdict::Regressed),
        with(ObjectiveVerdict::Inconclusive)
    )
}

fn case(xml: &mut String, target: &str, own: &UpgradeObjective) {
    let change = own.ratio.map_or_else(
        || "no ratio".to_owned(),
        |ratio| documents::figures::ratio_text(ratio, own.interval),
    );
    let said = escaped(&format!("{} {change}, margin {}", own.heading, own.margin));
    let (target, name) = (escaped(target), escaped(&own.name));
    put(
        xml,
        format_args!("    <testcase classname=\"gosweep.{target}\" name=\"{name}\">"),
    );
    let kind = match own.verdict {
        Some(ObjectiveVerdict::Regressed) => Some(("failure", "REGRESSED")),
        Some(ObjectiveVerdict::Inconclusive) => Some(("error", "INCONCLUSIVE")),
        _ => None,
    };
    match kind {
        None => put(xml, format_args!("      <system-out>{said}</system-out>")),
        Some((kind, label)) => put(
            xml,
            format_args!(
                "      <{kind} type=\"{label}\" message=\"{label}: {said}\">{said}</{kind}>"
            ),
        ),
    }
    put(xml, format_args!("    </testcase>"));
}

/// Go's benchmark format for an upgrade.
///
/// Format: <https://go.googlesource.com/proposal/+/master/design/14313-benchmark-format.md>. `goversion` is a key of the
/// configuration, so `benchstat -col goversion` sets the versions side by side.
#[derive(Debug, Clone, Copy)]
pub struct UpgradeBenchfmt;

impl Format<Upgrade> for UpgradeBenchfmt {
    fn write(&self, upgrade: &Upgrade) -> Result<String, ReportError> {
        let mut text = String::new();
        put(&mut text, format_args!("Unit req/s better=higher"));
        put(&mut text, format_args!("goos: linux"));
        let mut version = "";
        for sample in &upgrade.samples {
            if sample.go_version != version {
                version = &sample.go_version;
                put(&mut text, format_args!("goversion: {}", word(version)));
            }
            let mut line = format!("Benchmark{} 1", name(&sample.target, &sample.go_line));
            for (unit, value) in &sample.values {
                line.push_str(&format!(" {value} {unit}"));
            }
            put(&mut text, format_args!("{line}"));
        }
        Ok(text)
    }
}

/// `Httpjson/goline=toolchain`: a benchmark's name begins with a capital letter and has no space.
fn name(target: &str, go_line: &str) -> String {
    let target = word(target);
    let mut letters = target.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}/goline={}", letters.as_str(), word(go_line))
}

fn word(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_whitespace() || c.is_control() {
                '_'
            } else {
                c
            }
        })
        .collect()
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a text takes all that is written");
}
