//! What `rank --by` and `--where` take: a matrix's `rank_by` and `constraints` on a command line.

use std::collections::BTreeMap;

use record::objective::{Direction, Objective};

use super::compare::objectives;

/// Objectives in order, or with weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Preference {
    /// The most important or the heaviest first.
    pub(crate) objectives: Vec<Objective>,
    /// Empty where they are taken in order.
    pub(crate) weights: BTreeMap<Objective, f64>,
}

/// `p99,qps` or `qps=2,p99=1`.
pub(crate) fn preference(text: &str) -> Result<Preference, String> {
    if !text.contains('=') {
        return Ok(Preference {
            objectives: objectives(text)?.0,
            weights: BTreeMap::new(),
        });
    }
    let mut weights = BTreeMap::new();
    let mut named = Vec::new();
    for part in text.split(',') {
        let (name, weight) = part.split_once('=').ok_or_else(|| {
            format!("`{part}` has no weight: give all of them one, e.g. `qps=2,p99=1`, or none")
        })?;
        let objective: Objective = name.trim().parse()?;
        let weight = objective.weight(weight.trim());
        let weight = weight.map_err(|fix| format!("bad weight in `{part}`: {fix}"))?;
        if weights.insert(objective, weight).is_some() {
            return Err(format!("`{objective}` is given twice"));
        }
        named.push(objective);
    }
    named.sort_by(|a, b| weights[b].total_cmp(&weights[a]));
    Ok(Preference {
        objectives: named,
        weights,
    })
}

/// Limits by objective, in its unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Limits(pub(crate) BTreeMap<Objective, f64>);

/// `p99<=5ms,qps>=20000`.
pub(crate) fn limits(text: &str) -> Result<Limits, String> {
    let mut limits = BTreeMap::new();
    for part in text.split(',') {
        let (objective, limit) = limit(part)?;
        if limits.insert(objective, limit).is_some() {
            return Err(format!("`{objective}` is given twice"));
        }
    }
    Ok(Limits(limits))
}

fn limit(part: &str) -> Result<(Objective, f64), String> {
    let at = part
        .find(['<', '>', '='])
        .ok_or_else(|| format!("`{part}` is no limit: write OBJECTIVE<=LIMIT, e.g. `p99<=5ms`"))?;
    let (name, rest) = part.split_at(at);
    let objective: Objective = name.trim().parse()?;
    let relation = match objective.direction() {
        Direction::HigherIsBetter => ">=",
        Direction::LowerIsBetter => "<=",
    };
    let value = rest.strip_prefix(relation).ok_or_else(|| {
        format!(
            "a limit on `{objective}` is written with {relation}, e.g. `{objective}{relation}…`"
        )
    })?;
    let limit = objective.limit(value.trim());
    let limit = limit.map_err(|fix| format!("bad limit in `{part}`: {fix}"))?;
    Ok((objective, limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_or_weights() {
        let order = preference("p99, qps").unwrap();
        assert_eq!(order.objectives, [Objective::P99, Objective::Qps]);
        assert!(order.weights.is_empty());
        let weighed = preference("p99=1,qps=2").unwrap();
        assert_eq!(weighed.objectives, [Objective::Qps, Objective::P99]);
        assert_eq!(weighed.weights[&Objective::Qps], 2.0);
    }

    #[test]
    fn mistakes_are_named_with_a_fix() {
        assert!(preference("qps=2,p99").unwrap_err().contains("give all"));
        assert!(preference("qps=2,qps=1").unwrap_err().contains("twice"));
        assert!(preference("qps=0").unwrap_err().contains("above zero"));
        assert!(
            preference("error_rate=1")
                .unwrap_err()
                .contains("constraints")
        );
        assert!(preference("speed=1").is_err());
    }

    #[test]
    fn limits_go_the_way_of_their_objective() {
        let found = limits("p99<=5ms, qps>=20000").unwrap().0;
        assert_eq!(found[&Objective::P99], 5.0);
        assert_eq!(found[&Objective::Qps], 20_000.0);
        assert!(limits("p99>=5ms").unwrap_err().contains("<="));
        assert!(limits("p99=5ms").unwrap_err().contains("<="));
        assert!(limits("p99").unwrap_err().contains("p99<=5ms"));
        assert!(limits("p99<=5").unwrap_err().contains("bad limit"));
        assert!(limits("p99<=5ms,p99<=6ms").unwrap_err().contains("twice"));
    }
}
