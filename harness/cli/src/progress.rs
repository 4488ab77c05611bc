//! Shows how a run goes, on a terminal; says only what matters elsewhere.
//!
//! Everything is drawn between measured windows, from the thread that runs the trials: no thread of ours ticks while a
//! window is measured.

use crate::output::tell;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use orchestrator::events::Event;
use record::cell::CellId;
use record::decision::Decision;
use record::quantity::format_duration;
use record::shown;
use record::trial::{Outcome, Trial};

/// Shows events.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    terminal: bool,
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    trial: String,
    /// What the cells are called, as far as they were run.
    names: BTreeMap<CellId, String>,
    last: String,
    started: Option<Instant>,
    finished: u32,
    left: u32,
}

impl Progress {
    /// Shows on stderr.
    pub(crate) fn new() -> Progress {
        let terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::new(0);
        bar.set_draw_target(match terminal {
            true => ProgressDrawTarget::stderr_with_hz(10),
            false => ProgressDrawTarget::hidden(),
        });
        bar.set_style(style("{wide_msg}"));
        Progress {
            bar,
            terminal,
            state: RefCell::default(),
        }
    }

    /// Takes one event.
    pub(crate) fn show(&self, event: Event) {
        match event {
            Event::Toolchain(progress) => self.line(&progress.to_string()),
            Event::Calibrating { target } => {
                self.line(&format!("{target}: finding what the control can do"));
            }
            Event::Calibrated {
                target,
                capacity_per_s,
                rate_per_s,
            } => {
                let of = capacity_per_s
                    .map(|capacity| format!(" of {capacity:.0}/s"))
                    .unwrap_or_default();
                self.say(&format!(
                    "{target}: constant rate for every cell {rate_per_s:.0}/s{of}"
                ));
            }
            Event::Started {
                folder,
                trials,
                exact,
                finished,
                estimate,
            } => {
                let resumed = match finished {
                    0 => String::new(),
                    done => format!(", {done} of them already done"),
                };
                let (count, about) = match exact {
                    true => ("", "about"),
                    false => ("at most ", "up to"),
                };
                self.say(&format!(
                    "{}: {count}{trials} trials{resumed}, {about} {}",
                    folder.display(),
                    format_duration(rounded(estimate))
                ));
                self.bar
                    .set_style(style("{wide_bar} {pos}/{len}\n{wide_msg}"));
                self.bar.set_length(trials as u64);
                self.bar.set_position(finished as u64);
                let mut state = self.state.borrow_mut();
                state.started = Some(Instant::now());
                state.left = u32::try_from(trials - finished.min(trials)).unwrap_or(u32::MAX);
            }
            Event::Dropped { cell, reason } => self.say(&format!("left out {cell}: {reason}")),
            Event::TrialStarted {
                target,
                settings,
                block,
                cell,
            } => {
                let name = format!("{target} {settings}");
                let mut state = self.state.borrow_mut();
                state.trial = format!("block {} · {name}", block + 1);
                state.names.insert(cell, name);
                drop(state);
                self.draw("");
            }
            Event::PhaseStarted(phase) => self.draw(phase),
            Event::TrialFinished(trial) => self.finished(&trial),
            Event::DiagnosisStarted {
                number,
                of,
                target,
                settings,
            } => {
                self.state.borrow_mut().trial =
                    format!("diagnosis {number} of {of} · {target} {settings}");
                self.draw("");
            }
            Event::DiagnosisFinished(diagnosis) => {
                if let Some(failure) = &diagnosis.failure {
                    self.say(&format!(
                        "diagnosis of {}: failed: {}",
                        diagnosis.cell, failure.message
                    ));
                }
            }
            Event::Decided {
                decision,
                left_at_most,
            } => self.decided(&decision, left_at_most),
            Event::Warning(text) => self.say(&format!("warning: {text}")),
        }
    }

    /// Removes what is drawn.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn finished(&self, trial: &Trial) {
        let line = one_line(trial);
        if !trial.is_ok() {
            self.say(&format!("{}: {line}", trial.id));
        }
        let mut state = self.state.borrow_mut();
        state.finished += 1;
        // An invalid trial is tried again: it brings the end no nearer.
        if !matches!(trial.outcome, Outcome::Invalid(_)) {
            state.last = line;
            state.left = state.left.saturating_sub(1);
            self.bar.inc(1);
        }
    }

    /// What was decided, if anything was.
    fn decided(&self, decision: &Decision, left: usize) {
        let after = format!("after block {}", decision.blocks);
        for out in &decision.eliminated {
            self.say(&format!("{after}: {} {}", self.name(&out.cell), out.words));
        }
        if let Some(stop) = &decision.stop {
            self.say(&format!("{after}: {}", stop.words));
        }
        for finalist in &decision.finalists {
            let name = self.name(&finalist.cell);
            self.say(&format!("{name} is measured afresh: {}", finalist.words));
        }
        self.bar.set_length(self.bar.position() + left as u64);
        self.state.borrow_mut().left = u32::try_from(left).unwrap_or(u32::MAX);
    }

    /// A cell by its settings, or by its id where this call has not run it.
    fn name(&self, cell: &CellId) -> String {
        let state = self.state.borrow();
        let known = state.names.get(cell).cloned();
        known.unwrap_or_else(|| cell.to_string())
    }

    fn draw(&self, phase: &str) {
        let state = self.state.borrow();
        let eta = match (state.started, state.finished) {
            (Some(started), 1..) => {
                let each = started.elapsed() / state.finished;
                format!(" · {} left", format_duration(rounded(each * state.left)))
            }
            _ => String::new(),
        };
        let last = if state.last.is_empty() {
            String::new()
        } else {
            format!(" · last: {}", state.last)
        };
        self.line(&format!("{} {phase}{eta}{last}", state.trial));
    }

    /// A passing remark: on a terminal only.
    fn line(&self, text: &str) {
        self.bar.set_message(shown::line(text).into_owned());
    }

    /// A remark that stays.
    fn say(&self, text: &str) {
        if self.terminal {
            self.bar.suspend(|| tell!("{text}"));
        } else {
            tell!("{text}");
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn rounded(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs().max(1))
}

/// A trial in one line.
fn one_line(trial: &Trial) -> String {
    match &trial.outcome {
        Outcome::Failed(failure) => return format!("failed: {}", failure.message),
        Outcome::Invalid(reasons) => {
            let reasons: Vec<_> = reasons
                .iter()
                .map(|reason| reason.message.as_str())
                .collect();
            return format!(
                "invalid (attempt {}): {}",
                trial.attempt + 1,
                reasons.join("; ")
            );
        }
        Outcome::Ok => {}
    }
    let qps = trial
        .saturate
        .as_ref()
        .map(|phase| format!("{:.0} QPS", phase.ledger.completed as f64 / phase.seconds));
    let p99 = trial
        .constant
        .as_ref()
        .map(|phase| format!("P99 {:.2} ms", phase.response_ms.p99));
    let figures: Vec<String> = [qps, p99].into_iter().flatten().collect();
    figures.join(", ")
}
