//! A recommendation as settings to put in place: what each variable becomes for the container it goes to, and the
//! refusal of what would not do what was measured.
//!
//! Main function: [`export()`], from the advice on a target to an [`Export`]. `variables` makes the values, `memory` what
//! GOMEMLIMIT becomes, `check` refuses, `rules` turns what was promised into a gate's rules.
//!
//! Deliberately absent: how an export looks (`report`), and new figures.

mod check;
mod memory;
mod rules;
mod variables;

use documents::advice::{MeasuredEffect, Recommendation, TargetAdvice};
use documents::effect::Effect;
use documents::export::{Carrier, EXPORT_FORMAT, Export, Limits};
use gotrace::GoVersion;
use record::axis::Axis;

/// What an export is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportRequest {
    /// What the format can carry.
    pub carrier: Carrier,
    /// The memory that the container, unit or task may use, bytes.
    pub memory_bytes: Option<u64>,
    /// Its CPU quota, in CPUs.
    pub cpus: Option<f64>,
    /// The Go that builds the service.
    pub go: Option<GoVersion>,
    /// Whether to take the recommendation back.
    pub undo: bool,
    /// Whether to take a gain beside which a loss is open, too.
    pub accept_open: bool,
    /// Version and revision of this gosweep.
    pub tool: String,
}

/// Why there is no export.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotExported {
    /// The run recommends nothing for this target.
    #[error("nothing to export for {target}: {action}")]
    NoRecommendation {
        /// The target.
        target: String,
        /// What the advice says instead.
        action: String,
    },
    /// A gain is shown and a loss is open.
    #[error("nothing is recommended for {target}: {action}; --accept-open exports it all the same")]
    Open {
        /// The target.
        target: String,
        /// What the advice says.
        action: String,
    },
    /// The advice was stored without what an export is made of.
    #[error(
        "the advice on {0} does not tell its settings: make it again from the run with this gosweep"
    )]
    TooOld(String),
    /// The settings would not do what was measured.
    #[error("{}", refusals(.0))]
    Refused(Vec<Refusal>),
}

/// One reason against an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The setting.
    pub setting: String,
    /// What is wrong with it.
    pub reason: String,
    /// What to do.
    pub fix: String,
}

fn refusals(all: &[Refusal]) -> String {
    let lines = all
        .iter()
        .map(|own| format!("refused {}: {}; {}", own.setting, own.reason, own.fix));
    lines.collect::<Vec<_>>().join("\n")
}

/// A setting with its axis read.
struct Setting<'a> {
    axis: Axis,
    of: &'a documents::advice::Setting,
}

impl Setting<'_> {
    fn is_changed(&self) -> bool {
        !self.axis.is_same(&self.of.from, &self.of.to)
    }

    /// The value to have: of the recommended cell, or back in the control.
    fn wanted(&self, undo: bool) -> Option<&str> {
        let text = if undo { &self.of.from } else { &self.of.to };
        let is_default = self.axis.is_same(text, self.axis.default_value());
        (!is_default).then_some(text.as_str())
    }
}

/// Makes an export of the recommendation for a target.
///
/// # Errors
/// [`NotExported`].
pub fn export(
    run: &str,
    advice: &TargetAdvice,
    request: &ExportRequest,
) -> Result<Export, NotExported> {
    let setting = &advice.setting;
    let proposal = setting.proposal.as_ref();
    let accepted = proposal.filter(|_| request.accept_open);
    let Some(change) = setting.change.as_ref().or(accepted) else {
        if proposal.is_some() {
            return Err(NotExported::Open {
                target: advice.target.clone(),
                action: setting.action.clone(),
            });
        }
        let why = advice.setting.refused.iter();
        let action = std::iter::once(&advice.setting.action).chain(why);
        return Err(NotExported::NoRecommendation {
            target: advice.target.clone(),
            action: action.cloned().collect::<Vec<_>>().join("; "),
        });
    };
    if change.settings.is_empty() {
        return Err(NotExported::TooOld(advice.target.clone()));
    }
    let settings = read(change);
    let mut made = Made::default();
    if setting.change.is_none() {
        made.cautions.push(setting.action.clone());
    }
    if request.carrier != Carrier::Rules {
        variables::add(&settings, change, request, &mut made);
    }
    check::check(&settings, change, request, &mut made);
    if !made.refusals.is_empty() {
        return Err(NotExported::Refused(made.refusals));
    }
    let is_rules = request.carrier == Carrier::Rules;
    Ok(Export {
        format: EXPORT_FORMAT,
        run: run.to_owned(),
        tool: request.tool.clone(),
        target: advice.target.clone(),
        cell: change.cell.clone(),
        recommended: setting.change.is_some(),
        undo: request.undo,
        effects: change
            .effects
            .iter()
            .filter(|own| tells(own))
            .map(effect)
            .collect(),
        variables: made.variables,
        limits: made.limits,
        godebug: made.godebug,
        rules: if is_rules {
            rules::rules(change)
        } else {
            Vec::new()
        },
        elsewhere: made.elsewhere,
        valid_for: change.valid_for.clone(),
        cautions: made.cautions,
        rollout: unless(request.undo, &change.rollout),
        rollback: unless(request.undo, &change.rollback),
    })
}

fn unless(undo: bool, text: &str) -> String {
    if undo { String::new() } else { text.to_owned() }
}

/// What becomes of the settings.
#[derive(Default)]
struct Made {
    variables: Vec<documents::export::Variable>,
    limits: Limits,
    godebug: Vec<(String, String)>,
    elsewhere: Vec<String>,
    cautions: Vec<String>,
    refusals: Vec<Refusal>,
}

impl Made {
    fn refuse(
        &mut self,
        setting: impl Into<String>,
        reason: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.refusals.push(Refusal {
            setting: setting.into(),
            reason: reason.into(),
            fix: fix.into(),
        });
    }
}

/// The settings whose axes this gosweep knows, in the order shown.
fn read(change: &Recommendation) -> Vec<Setting<'_>> {
    let known = change.settings.iter().filter_map(|of| {
        let axis: Axis = of.axis.parse().ok()?;
        Some(Setting { axis, of })
    });
    known.collect()
}

/// Whether an effect belongs into an export: what is ranked by, and what changed.
fn tells(effect: &MeasuredEffect) -> bool {
    effect.ranked || matches!(effect.effect, Effect::Better | Effect::Worse)
}

fn effect(of: &MeasuredEffect) -> String {
    let word = match of.effect {
        Effect::Better => "better",
        Effect::Worse => "worse",
        Effect::WithinMargin => "no change that matters",
        _ => "cannot be told",
    };
    format!(
        "{} {} → {}, {}: {word} ({} blocks)",
        of.objective.heading(),
        of.from,
        of.to,
        of.change,
        of.n
    )
}
