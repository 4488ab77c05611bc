//! An upgrade of Go in Go's benchmark format: a line per trial under the version that ran, for `benchstat -col goversion`.

use std::fmt::Write;

use documents::upgrade::Upgrade;

use crate::error::ReportError;
use crate::format::Format;

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
