//! The rules file.
//!
//! ```yaml
//! why: what a release must not lose
//! rules:
//!   - qps: no worse than 3%      # against the baseline
//!   - p99 <= 5ms                 # by itself
//! ```

use std::fmt;
use std::ops::Range;

use record::diagnostic::{Diagnostic, Diagnostics};
use record::objective::{Direction, Objective};
use record::quantity::parse_share;
use record::yaml::{self, Decoder, Node, Shape};

/// The rules of a gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The file, as it was given.
    pub file: String,
    /// Why these rules.
    pub why: Option<String>,
    /// The rules in the order of the file; at least one.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// As reports show it.
    pub text: String,
    /// Its line, from 1.
    pub line: usize,
    /// The figure that it is about.
    pub objective: Objective,
    /// What it demands.
    pub demand: Demand,
}

/// What a rule demands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Demand {
    /// Against the baseline: no worse by more than this share, for the error rate by this difference of shares.
    NoWorse(f64),
    /// By itself, in the objective's unit.
    Limit(Relation, f64),
}

/// On which side of a limit a figure must stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Relation::Below => "<",
            Relation::AtMost => "<=",
            Relation::Above => ">",
            Relation::AtLeast => ">=",
        })
    }
}

const NO_WORSE: &str = "no worse than";
const CURE: &str = "write `qps: no worse than 3%`, or a limit such as `p99 <= 5ms`";

impl Rules {
    /// Reads a rules file. `file` names it in findings.
    ///
    /// # Errors
    /// Everything that is wrong with it, at its place.
    pub fn parse(file: &str, text: &str) -> Result<Rules, Diagnostics> {
        let root = match yaml::parse(text) {
            Ok(root) => root,
            Err(finding) => return Err(Diagnostics::new(file, text, vec![finding])),
        };
        let decoder = Decoder::default();
        let rules = decode(&decoder, &root, file, text);
        let findings = decoder.into_findings();
        if findings.is_empty() {
            Ok(rules)
        } else {
            Err(Diagnostics::new(file, text, findings))
        }
    }
}

fn decode(decoder: &Decoder, root: &Node, file: &str, text: &str) -> Rules {
    let mut rules = Rules {
        file: file.to_owned(),
        why: None,
        rules: Vec::new(),
    };
    let Some(fields) = decoder.fields(root, "the rules file", &["why", "rules"]) else {
        return rules;
    };
    rules.why = fields.text("why").map(str::to_owned);
    let Some(list) = fields.require("rules", "[\"p99 <= 5ms\"]") else {
        return rules;
    };
    if matches!(&list.shape, Shape::List(items) if items.is_empty()) {
        let empty = Diagnostic::new(list.span.clone(), "rules is empty: such a gate never fails");
        decoder.report(empty.help(CURE));
    }
    for item in decoder.items(list, "rules") {
        let Some((rule, span)) = rule(decoder, item, text) else {
            continue;
        };
        let same = |other: &Rule| {
            let kind = |demand| matches!(demand, Demand::NoWorse(_));
            other.objective == rule.objective && kind(other.demand) == kind(rule.demand)
        };
        if rules.rules.iter().any(same) {
            let twice = format!("a second rule of this kind for `{}`", rule.objective);
            decoder.report(Diagnostic::new(span, twice).help("keep one of the two"));
        } else {
            rules.rules.push(rule);
        }
    }
    rules
}

/// A rule and where it stands.
fn rule(decoder: &Decoder, item: &Node, source: &str) -> Option<(Rule, Range<usize>)> {
    let (name, name_span, demand, demand_span) = match &item.shape {
        Shape::Map(_) => {
            let entries = decoder.entries(item, "a rule")?;
            let [entry] = entries else {
                let several =
                    Diagnostic::new(item.span.clone(), "a rule must be one key and its demand");
                decoder.report(several.help(CURE));
                return None;
            };
            let demand = decoder.text(&entry.value, "a rule")?;
            let value_span = entry.value.span.clone();
            (
                entry.key.as_str(),
                entry.key_span.clone(),
                demand,
                value_span,
            )
        }
        _ => {
            let text = decoder.text(item, "a rule")?;
            let name_ends = text.find(|c: char| c.is_whitespace() || "<>=".contains(c));
            let (name, demand) = text.split_at(name_ends.unwrap_or(text.len()));
            (name, item.span.clone(), demand, item.span.clone())
        }
    };
    let (name, demand) = (name.trim(), demand.trim());
    let objective = name.parse::<Objective>().map_err(|fix| {
        let unknown = format!("`{}` is no figure that a rule can be about", one_line(name));
        Diagnostic::new(name_span.clone(), unknown).help(fix)
    });
    let read = objective.and_then(|objective| {
        let demand = read_demand(objective, demand).map_err(|fix| {
            let bad = format!("`{}` is no demand on `{objective}`", one_line(demand));
            Diagnostic::new(demand_span, bad).help(fix)
        })?;
        Ok((objective, demand))
    });
    match read {
        Ok((objective, demand)) => {
            let text = match demand {
                Demand::NoWorse(_) => {
                    format!("{objective}: {}", one_line(demand_text(item, objective)))
                }
                Demand::Limit(..) => {
                    format!("{objective} {}", one_line(demand_text(item, objective)))
                }
            };
            let line = source[..name_span.start.min(source.len())]
                .matches('\n')
                .count()
                + 1;
            let rule = Rule {
                text,
                line,
                objective,
                demand,
            };
            Some((rule, name_span))
        }
        Err(finding) => {
            decoder.report(finding);
            None
        }
    }
}

/// The demand of an item as it was written.
fn demand_text(item: &Node, objective: Objective) -> &str {
    let text = match &item.shape {
        Shape::Map(entries) => match entries.first().map(|entry| &entry.value.shape) {
            Some(Shape::Scalar(scalar)) => scalar.text.as_str(),
            _ => "",
        },
        Shape::Scalar(scalar) => scalar.text.trim().trim_start_matches(objective.name()),
        _ => "",
    };
    text.trim()
}

fn read_demand(objective: Objective, text: &str) -> Result<Demand, String> {
    if let Some(margin) = text.strip_prefix(NO_WORSE) {
        return margin_of(objective, margin.trim()).map(Demand::NoWorse);
    }
    let relations = [
        ("<=", Relation::AtMost),
        (">=", Relation::AtLeast),
        ("<", Relation::Below),
        (">", Relation::Above),
    ];
    let found = relations
        .into_iter()
        .find_map(|(sign, relation)| Some((relation, text.strip_prefix(sign)?)));
    let Some((relation, limit)) = found else {
        return Err(CURE.to_owned());
    };
    let upwards = matches!(relation, Relation::Above | Relation::AtLeast);
    if upwards != (objective.direction() == Direction::HigherIsBetter) {
        let (better, sign) = if upwards {
            ("less", "<=")
        } else {
            ("more", ">=")
        };
        return Err(format!(
            "{better} is better here: write `{objective} {sign} ...`"
        ));
    }
    objective
        .limit(limit.trim())
        .map(|limit| Demand::Limit(relation, limit))
}

/// A margin: a share of the baseline. Beside an error rate of zero shares mean nothing, so that one takes points.
fn margin_of(objective: Objective, text: &str) -> Result<f64, String> {
    let share = if objective == Objective::ErrorRate {
        let points = text.strip_suffix("pp").ok_or(
            "write percentage points, e.g. `no worse than 0.1pp`: a share of an error rate near zero means nothing",
        )?;
        parse_share(&format!("{}%", points.trim()))
    } else {
        parse_share(text)
    };
    match share {
        Ok(share) if share < 1.0 => Ok(share),
        Ok(_) => Err("a margin lies below 100%".to_owned()),
        Err(_) if objective == Objective::ErrorRate => {
            Err("write e.g. `no worse than 0.1pp`".to_owned())
        }
        Err(fix) => Err(fix),
    }
}

/// A text as a message quotes it.
fn one_line(text: &str) -> String {
    const MOST_CHARACTERS: usize = 60;
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    visible.take(MOST_CHARACTERS).collect()
}
