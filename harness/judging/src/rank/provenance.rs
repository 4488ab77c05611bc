//! Where a ranking's numbers come from.

use std::time::Duration;

use documents::ranking::Provenance;
use record::matrix::Matrix;
use record::run::Run;

use crate::options::RankOptions;

/// Shorter saturate windows have too few seconds to show a trend ([`stats::steady`] asks for six values).
pub const SHORTEST_JUDGED: Duration = Duration::from_secs(6);

pub(crate) fn provenance(run: &Run, matrix: &Matrix, options: &RankOptions) -> Provenance {
    Provenance {
        run: run.id.clone(),
        tool: run.tool.clone(),
        ranked_by: options.tool.clone(),
        command: run
            .argv
            .iter()
            .map(|word| record::shell::quoted(word))
            .collect::<Vec<_>>()
            .join(" "),
        started: run.started.clone(),
        seed: run.seed,
        matrix: matrix.name.clone(),
        matrix_path: run.matrix.path.clone(),
        why: matrix.why.clone(),
        host: run.host.clone(),
        toolchains: run.toolchains.clone(),
        artifacts: run.artifacts.clone(),
        calibration: run.calibration.clone(),
        method: method(options, matrix),
    }
}

fn method(options: &RankOptions, matrix: &Matrix) -> Vec<String> {
    let (level, alpha) = (options.level * 100.0, options.alpha * 100.0);
    let mut method = vec![
        "Each block holds one fresh process of every cell in seeded random order, and a second one of the control; \
         the unit is one number per trial, never a request."
            .to_owned(),
        format!(
            "Effects are Hodges-Lehmann medians of the blockwise log ratios to the control with exact {level:.0}% \
             signed-rank intervals (below 6 blocks mean and paired t interval), one cell at a time; where zeros \
             forbid logs, of differences."
        ),
        format!(
            "Better or worse is claimed where that interval excludes no change, the estimate passes the margin (the \
             larger of the default and the noise floor, the far end of the duplicated control's own interval), and \
             the t test's p, Holm-corrected over the cells, is at most {alpha:.0}%; on ranked objectives a permutation \
             within the blocks (max-T) has to agree. \"Within\" means that the whole interval lies inside the default margin; the top group is every cell that no other beats (one-sided, Holm over its rivals) by \
             more than the margin."
        ),
    ];
    method.extend(steady_state_not_judged(matrix));
    method
}

/// Silence about the steady state must not read as "steady".
fn steady_state_not_judged(matrix: &Matrix) -> Option<String> {
    let needed = format!("{:?}", SHORTEST_JUDGED);
    match matrix.load.saturate {
        None => Some("Steady state not judged: there is no saturate window.".to_owned()),
        Some(window) if window < SHORTEST_JUDGED => Some(format!(
            "Steady state not judged: the saturate window, {window:?}, is shorter than {needed}."
        )),
        Some(_) => None,
    }
}
