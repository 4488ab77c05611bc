//! Words around figures: counts, lists, marks, and names cut to what fits.

use record::objective::Objective;
use record::quantity::format_bytes;
use record::run::Host;

use super::values::value_text;
use crate::effect::Effect;

/// `1 block`, `6 blocks`.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// `P99 ≤ 5.00 ms`, for QPS `≥`.
pub fn limit_text(objective: Objective, limit: f64) -> String {
    let sign = if objective.orientation() > 0.0 {
        "≥"
    } else {
        "≤"
    };
    format!(
        "{} {sign} {}",
        objective.heading(),
        value_text(objective, limit)
    )
}

/// The mark of an effect in tables, and its words.
pub fn mark(effect: Effect) -> (&'static str, &'static str) {
    match effect {
        Effect::Better => ("▲", "better"),
        Effect::Worse => ("▼", "worse"),
        Effect::WithinMargin => ("=", "within the margin"),
        Effect::Unclear => ("?", "cannot tell"),
        Effect::Control | Effect::NoData => ("", ""),
    }
}

/// A host in one line.
pub fn host_text(host: &Host) -> String {
    let mut parts = vec![
        host.cpu.clone(),
        counted(host.cpus, "CPU"),
        format_bytes(host.memory_bytes as f64),
        format!("kernel {}", host.kernel),
        host.os.clone(),
    ];
    parts.extend(host.virtualization.clone());
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// A text cut to what fits, with an ellipsis.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::{counted, listed};

    #[test]
    fn lists_and_counts_are_english() {
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(counted(1, "block"), "1 block");
    }
}
