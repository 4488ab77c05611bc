//! What a person or a script reads, as snapshots.

use record::run::DroppedCell;
use record::trial::{Role, Trial};
use report::{TerminalOptions, json, markdown, terminal};
use testing::{Lab, Service, crashed, hostile, invalid, two, winner};

use crate::{ranked, ranked_with};

fn shown(lab: &Lab, trials: &[Trial]) -> String {
    let text = terminal(&ranked_with(lab, trials), TerminalOptions::default());
    for line in text.lines() {
        assert!(
            line.chars().count() <= 100,
            "wider than 100 columns: {line}"
        );
    }
    text
}

#[test]
fn clear_winner() {
    let lab = winner();
    insta::assert_snapshot!(shown(&lab, &lab.trials()));
}

#[test]
fn no_change_worth_making() {
    let lab = two(Service {
        qps: 20_100.0,
        ..Service::default()
    });
    insta::assert_snapshot!(shown(&lab, &lab.trials()));
}

#[test]
fn inconclusive() {
    let mut lab = two(Service {
        qps: 23_000.0,
        ..Service::default()
    });
    lab.noise = 0.25;
    insta::assert_snapshot!(shown(&lab, &lab.trials()));
}

#[test]
fn failed_cell_and_invalid_trials() {
    let lab = winner();
    let mut trials = lab.trials();
    for trial in &mut trials {
        if trial.cell == lab.id(2) && trial.block >= 5 {
            trial.outcome = crashed();
            (trial.saturate, trial.constant, trial.process) = (None, None, None);
        }
    }
    let mut repeated = trials[1].clone();
    trials[1].outcome = invalid();
    repeated.attempt = 1;
    repeated.id.push_str("-r1");
    trials.push(repeated);
    insta::assert_snapshot!(shown(&lab, &trials));
}

#[test]
fn no_gc_at_all() {
    let lab = two(Service {
        qps: 21_500.0,
        gc_per_kreq: 0.0,
        rss_bytes: 400e6,
        ..Service::default()
    });
    insta::assert_snapshot!(shown(&lab, &lab.trials()));
}

#[test]
fn constraint_violated() {
    let mut lab = winner();
    lab.constraints = "{p99: 3500us, rss: 100MiB}";
    insta::assert_snapshot!(shown(&lab, &lab.trials()));
}

#[test]
fn single_cell() {
    let lab = Lab::new().cell(&[("gogc", "100")], Service::default());
    insta::assert_snapshot!(shown(&lab, &lab.trials()));
}

#[test]
fn few_and_incomplete_blocks() {
    let mut lab = winner();
    lab.blocks = 5;
    lab.seconds = 0.5;
    let mut trials = lab.trials();
    // A stop in block 4: two of the four cells were tried.
    trials.retain(|trial| trial.block < 4 || trial.position < 2);
    insta::assert_snapshot!(shown(&lab, &trials));
}

#[test]
fn no_probe() {
    let mut lab = winner();
    lab.probe = false;
    insta::assert_snapshot!(shown(&lab, &lab.trials()));
}

#[test]
fn several_targets_and_many_objectives() {
    let normal = Service::default();
    let mut lab = winner()
        .cell_of("mutex", &[("option.shards", "1"), ("gogc", "100")], normal)
        .cell_of(
            "mutex",
            &[("option.shards", "16"), ("gogc", "100")],
            Service {
                qps: 71_000.0,
                p99_ms: 1.1,
                ..normal
            },
        );
    lab.rank_by = "[qps, p99, p50, gc_per_kreq, gc_cpu, rss, cpu_per_req, error_rate]";
    insta::assert_snapshot!(shown(&lab, &lab.trials()));
}

#[test]
fn colour_only_adds_escapes() {
    let ranking = ranked(&winner());
    let plain = terminal(&ranking, TerminalOptions::default());
    let coloured = terminal(
        &ranking,
        TerminalOptions {
            colour: true,
            ..TerminalOptions::default()
        },
    );
    assert!(coloured.contains("\u{1b}[1;32mVERDICT"));
    let mut stripped = String::new();
    for (at, part) in coloured.split('\u{1b}').enumerate() {
        let text = if at == 0 {
            part
        } else {
            part.split_once('m').map_or("", |(_, text)| text)
        };
        stripped.push_str(text);
    }
    assert_eq!(stripped, plain);
}

#[test]
fn a_value_cannot_steer_the_terminal() {
    let lab = hostile();
    let text = terminal(&ranked(&lab), TerminalOptions::default());
    assert!(!text.contains('\u{1b}'));
    assert!(text.contains("\\u{1b}[2J"));
}

#[test]
fn markdown_report() {
    let mut lab = winner();
    lab.blocks = 6;
    lab.constraints = "{error_rate: 0.1%}";
    let mut trials = lab.trials();
    trials[3].outcome = invalid();
    let mut ranking = ranked_with(&lab, &trials);
    ranking.dropped.push(DroppedCell {
        target: "httpjson".into(),
        axes: [("gogc".to_owned(), "off".to_owned())].into(),
        reason: "exclude: gogc=off".into(),
    });
    insta::assert_snapshot!(markdown(&ranking).unwrap());
}

#[test]
fn markdown_keeps_hostile_values_in_their_cells() {
    let text = markdown(&ranked(&hostile())).unwrap();
    assert!(!text.contains("<script"));
    assert!(!text.contains('\u{1b}'));
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if !line.starts_with('|') {
            continue;
        }
        let columns = bars(line);
        while let Some(row) = lines.next_if(|row| row.starts_with('|')) {
            assert_eq!(bars(row), columns, "{row}");
        }
    }
}

/// Unescaped bars of a table's line.
fn bars(line: &str) -> usize {
    let escaped = line.matches("\\|").count();
    line.matches('|').count() - escaped
}

#[test]
fn ranking_document() {
    let mut lab = two(Service {
        gc_per_kreq: 0.0,
        ..Service::default()
    });
    lab.blocks = 2;
    lab.constraints = "{error_rate: 0.1%}";
    let ranking = ranked(&lab);
    let text = json(&ranking).unwrap();
    insta::assert_snapshot!(text);
    let read: documents::ranking::Ranking = serde_json::from_str(&text).unwrap();
    let reports = |ranking| {
        (
            terminal(ranking, TerminalOptions::default()),
            markdown(ranking).unwrap(),
        )
    };
    assert!(
        reports(&read) == reports(&ranking),
        "a stored document gives the same reports"
    );
}

#[test]
fn every_figure_names_its_trials() {
    let lab = winner();
    let ranking = ranked(&lab);
    for cell in &ranking.targets[0].cells {
        assert_eq!(cell.trials.len(), cell.n);
        for id in &cell.trials {
            let trial = ranking.trials.iter().find(|trial| trial.id == *id).unwrap();
            assert!(trial.used && trial.cell == cell.id && trial.role == "measured");
        }
    }
    let duplicates = lab
        .trials()
        .iter()
        .filter(|trial| trial.role == Role::ControlDuplicate)
        .count();
    let shown = ranking
        .trials
        .iter()
        .filter(|trial| trial.role == "control duplicate")
        .count();
    assert_eq!(shown, duplicates);
}
