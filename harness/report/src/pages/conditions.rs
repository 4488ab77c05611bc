//! Under which conditions a run was made: everything that it would take to make it again.

use documents::figures::{host_text, value_text};
use documents::ranking::Ranking;
use record::objective::Objective;

use crate::block::{Block, Lead, Section, Title};
use crate::text::Text;

/// The conditions, as leads of a section.
pub(super) fn conditions(ranking: &Ranking) -> Block {
    let from = &ranking.provenance;
    let host = &from.host;
    let mut leads: Vec<Lead> = Vec::new();
    let mut add = |name: &str, value: Text| {
        if !value.plain().is_empty() {
            leads.push(Lead::new(name, value));
        }
    };
    add("command", Text::code(from.command.as_str()));
    add(
        "run",
        format!("{}, started {}", from.run, from.started).into(),
    );
    add("measured by", from.tool.as_str().into());
    add("ranked by", from.ranked_by.as_str().into());
    add(
        "matrix",
        format!("{} ({})", from.matrix, from.matrix_path).into(),
    );
    add("seed of the order", from.seed.to_string().into());
    add("host", host_text(host).into());
    add("topology", host.topology.as_str().into());
    add("host fingerprint", Text::code(host.fingerprint.as_str()));
    for (target, calibration) in &from.calibration {
        let found = calibration.control_capacity_per_s.map_or_else(
            || " (given by the matrix)".to_owned(),
            |capacity| {
                format!(
                    " (the control's capacity was {})",
                    value_text(Objective::Qps, capacity)
                )
            },
        );
        let rate = value_text(Objective::Qps, calibration.rate_per_s);
        add(
            &format!("constant rate of {target}"),
            format!("{rate}{found}").into(),
        );
    }
    for toolchain in &from.toolchains {
        let hash = toolchain
            .sha256
            .as_ref()
            .map(|hash| format!(", SHA-256 {hash}"))
            .unwrap_or_default();
        add(
            &format!("toolchain {}", toolchain.spec),
            format!(
                "{} from {}{hash}, {}",
                toolchain.version,
                toolchain.source,
                verified(&toolchain.verified_by)
            )
            .into(),
        );
    }
    for artifact in &from.artifacts {
        let name = match &artifact.toolchain {
            Some(toolchain) => format!("artifact {} by {toolchain}", artifact.target),
            None => format!("given binary {}", artifact.target),
        };
        let build: Vec<String> = artifact
            .build
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let build = if build.is_empty() {
            String::new()
        } else {
            format!(", {}", build.join(" "))
        };
        add(
            &name,
            format!(
                "SHA-256 {}, {} bytes{build}",
                artifact.sha256, artifact.size_bytes
            )
            .into(),
        );
    }
    for sentence in &from.method {
        add("method", sentence.as_str().into());
    }
    Section::linked(
        "conditions",
        Title::topic("Conditions"),
        vec![Block::Leads(leads)],
    )
}

/// How a toolchain was verified, in words: what was not verified says so itself.
fn verified(by: &str) -> String {
    match by.starts_with("not verified") {
        true => by.to_owned(),
        false => format!("verified by {by}"),
    }
}

#[cfg(test)]
mod tests {
    use super::verified;

    #[test]
    fn what_was_not_verified_is_not_verified_by_anything() {
        assert_eq!(verified("not verified: a copy"), "not verified: a copy");
        assert_eq!(verified("go.dev's list"), "verified by go.dev's list");
    }
}
