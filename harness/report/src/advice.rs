//! Advice for a terminal: the whole page, and the few lines that stand under a ranking.

use documents::advice::{Advice, CellAdvice, Recommendation, TargetAdvice};
use documents::figures::{counted, mark};
use documents::finding::{Finding, Judgement, Severity};

use crate::layout::{Layout, TerminalOptions, visible};

/// The page of advice.
pub fn advice_text(advice: &Advice, options: TerminalOptions) -> String {
    let page = Page {
        layout: Layout { options },
    };
    let mut text = String::new();
    for target in &advice.targets {
        text.push_str(&page.target(advice, target));
        text.push('\n');
    }
    for condition in &advice.conditions {
        text.push_str(&page.layout.wrapped("", condition));
    }
    text
}

/// What limits each target, the findings that matter and what to set, in a few lines.
pub(super) fn summary(advice: &Advice, options: TerminalOptions) -> String {
    let page = Page {
        layout: Layout { options },
    };
    let several = advice.targets.len() > 1;
    let mut text = String::new();
    for target in &advice.targets {
        let of = if several {
            format!(" of {}", target.target)
        } else {
            String::new()
        };
        text.push_str(&page.heading(&format!("WHY{of}  ({})", target.about.label)));
        text.push_str(&page.limits(target));
        for finding in &target.top {
            let words = format!("{}: {}", finding.title, finding.signal);
            text.push_str(&page.lead(finding, &words));
        }
        if let Some(refused) = &target.setting.refused {
            text.push_str(
                &page
                    .layout
                    .wrapped("set      ", &format!("nothing: {refused}")),
            );
        }
        if let Some(change) = &target.setting.change {
            text.push_str(&page.layout.wrapped("set      ", &change.set.join("; ")));
        }
        text.push_str(&page.layout.wrapped(
            "more     ",
            "`gosweep advise` on the run's folder: causes, what to try, what made no difference.",
        ));
        text.push('\n');
    }
    text
}

struct Page {
    layout: Layout,
}

impl Page {
    fn heading(&self, text: &str) -> String {
        format!("{}\n", self.layout.paint("1", &visible(text)))
    }

    fn target(&self, advice: &Advice, target: &TargetAdvice) -> String {
        let title = format!(
            "{} · {} · {}{}",
            advice.matrix,
            target.target,
            target.about.label,
            if target.about.control {
                " (the control)"
            } else {
                ""
            }
        );
        let mut text = self.heading(&title);
        text.push_str("\nWHAT LIMITS IT\n");
        text.push_str(&self.limits(target));
        text.push_str(&self.findings(target));
        text.push_str(&self.setting(target));
        text.push_str(&self.no_difference(target));
        text.push_str(&self.code(target));
        text.push_str(&self.cells(target));
        text
    }

    fn limits(&self, target: &TargetAdvice) -> String {
        let without = target.without_trial();
        let mut text =
            without.map_or_else(String::new, |why| self.layout.wrapped("         ", &why));
        let line = |limit: &documents::advice::Limit| {
            let words = format!("{}: {}; {}", limit.at, limit.by.word(), limit.because);
            self.layout.wrapped("         ", &words)
        };
        text.extend(target.limits.iter().map(line));
        text
    }

    fn findings(&self, target: &TargetAdvice) -> String {
        let mut text = String::from("\nWHAT MATTERS\n");
        if target.top.is_empty() {
            text.push_str(&self.layout.wrapped("         ", target.without_findings()));
        }
        for finding in &target.top {
            text.push_str(&self.finding(finding));
        }
        let own = target.cells.iter().find(|own| own.cell == target.about);
        if let Some(own) = own {
            text.push_str(&self.other_findings(target, &own.judgement));
        }
        text
    }

    fn finding(&self, finding: &Finding) -> String {
        let held = &finding.held;
        let words = format!("{} ({}): {}", finding.title, finding.rule, finding.signal);
        let mut text = self.lead(finding, &words);
        let indent = "         ";
        let mut line = |words: &str| text.push_str(&self.layout.wrapped(indent, words));
        line(&format!(
            "seen in {} of {}, {}; e.g. {}",
            held.samples,
            counted(held.of, "window"),
            counted(held.origins, "trial"),
            finding
                .evidence
                .first()
                .map_or("", |seen| seen.sample.as_str())
        ));
        line(&finding.cause);
        for own in &finding.tries {
            let lead = format!("       → {}: ", own.kind.word());
            text.push_str(&self.layout.wrapped(&lead, &own.what));
        }
        let mut line = |words: &str| text.push_str(&self.layout.wrapped(indent, words));
        line(&format!("Does not apply: {}", finding.does_not_apply));
        line(&format!(
            "Holds for: {}. Source: {}.",
            finding.versions, finding.source
        ));
        text
    }

    /// What fired beside, what was seen once and what could not be judged: one line each.
    fn other_findings(&self, target: &TargetAdvice, judgement: &Judgement) -> String {
        let is_told = |finding: &Finding| target.top.iter().any(|own| own.rule == finding.rule);
        let both = [judgement, &target.whole];
        let rest = both.into_iter().flat_map(|own| &own.findings);
        let rest = rest.filter(|own| !is_told(own));
        let rest: Vec<String> = rest
            .map(|own| format!("{} {} ({})", own.rule, own.title, own.severity.word()))
            .collect();
        let once: Vec<String> = both
            .into_iter()
            .flat_map(|own| &own.once)
            .map(|own| format!("{} {}", own.rule, own.title))
            .collect();
        let missing: Vec<&str> = both
            .into_iter()
            .flat_map(|own| &own.not_judged)
            .map(|own| own.rule.as_str())
            .collect();
        let quiet = both.into_iter().flat_map(|own| &own.quiet);
        let quiet: Vec<&str> = quiet.map(String::as_str).collect();
        let lines = [
            ("also     ", rest.join("; ")),
            ("once     ", once.join("; ")),
            ("quiet    ", quiet.join(" ")),
            ("unjudged ", missing.join(" ")),
        ];
        let filled = lines.into_iter().filter(|(_, words)| !words.is_empty());
        filled
            .map(|(lead, words)| self.layout.wrapped(lead, &words))
            .collect()
    }

    fn setting(&self, target: &TargetAdvice) -> String {
        let mut text = String::from("\nWHAT TO SET\n");
        text.push_str(&self.layout.wrapped("         ", &target.setting.action));
        if let Some(refused) = &target.setting.refused {
            text.push_str(&self.layout.wrapped("why      ", refused));
        }
        if let Some(change) = &target.setting.change {
            text.push_str(&self.recommendation(change));
        }
        text
    }

    fn recommendation(&self, change: &Recommendation) -> String {
        let mut text = String::new();
        let mut add = |lead: &str, words: &str| text.push_str(&self.layout.wrapped(lead, words));
        // Lines to paste stand alone and unwrapped words stay whole.
        for (lead, lines) in [("set      ", &change.set), ("undo     ", &change.undo)] {
            for line in lines {
                add(lead, line);
            }
        }
        for own in &change.effects {
            let (mark, word) = mark(own.effect);
            let ranked = if own.ranked { "" } else { ", not ranked by" };
            add(
                "         ",
                &format!(
                    "{} {} → {}: {} {mark} {word} (n={}{ranked})",
                    own.objective.heading(),
                    own.from,
                    own.to,
                    own.change,
                    own.n
                ),
            );
        }
        if let Some(mechanism) = &change.mechanism {
            add("how      ", mechanism);
        }
        if !change.worse.is_empty() {
            add("worse    ", &change.worse.join(", "));
        }
        if !change.tied.is_empty() {
            add("ties     ", &change.tied.join("; "));
        }
        for own in &change.ablation {
            add("without  ", &format!("{}: {}", own.without, own.words()));
        }
        add("valid    ", &change.valid_for.join("; "));
        add("rollout  ", &change.rollout);
        add("rollback ", &change.rollback);
        text
    }

    fn no_difference(&self, target: &TargetAdvice) -> String {
        if target.no_difference.is_empty() {
            return String::new();
        }
        let mut text = String::from("\nWHAT MADE NO DIFFERENCE\n");
        for own in &target.no_difference {
            let words = format!("{}: {}; {}", own.label, own.how(), own.changes.join(", "));
            text.push_str(&self.layout.wrapped("       - ", &words));
        }
        text
    }

    fn code(&self, target: &TargetAdvice) -> String {
        if target.code.is_empty() {
            return String::new();
        }
        let mut text = String::from("\nWHAT WOULD NEED A CHANGE OF THE CODE\n");
        for own in &target.code {
            let words = format!("{} ({})", own.what, own.rule);
            text.push_str(&self.layout.wrapped("       - ", &words));
        }
        text
    }

    fn cells(&self, target: &TargetAdvice) -> String {
        if target.cells.len() < 2 {
            return String::new();
        }
        let mut text = String::from("\nEVERY CELL\n");
        for own in &target.cells {
            text.push_str(&self.cell(own));
        }
        text
    }

    fn cell(&self, own: &CellAdvice) -> String {
        let fired: Vec<String> = own
            .judgement
            .findings
            .iter()
            .map(|finding| format!("{} {}", finding.rule, finding.severity.word()))
            .collect();
        let fired = if fired.is_empty() {
            "nothing fired".to_owned()
        } else {
            fired.join(", ")
        };
        let fit = if own.judgement.valid {
            ""
        } else {
            "; supports no recommendation"
        };
        let samples = counted(own.samples, "window");
        let words = format!("{}: {fired} ({samples}){fit}", own.cell.label);
        self.layout.wrapped("       - ", &words)
    }

    /// A finding behind its severity.
    fn lead(&self, finding: &Finding, words: &str) -> String {
        let lead = format!("{:<9}", finding.severity.word());
        let text = self.layout.wrapped(&lead, words);
        let colour = match finding.severity {
            Severity::Critical => "31",
            Severity::Warn => "33",
            Severity::Info => "2",
        };
        match text.strip_prefix(&lead) {
            Some(rest) => format!("{}{rest}", self.layout.paint(colour, &lead)),
            None => text,
        }
    }
}
