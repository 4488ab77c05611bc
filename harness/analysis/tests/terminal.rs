//! What a person sees first: the golden cases as terminal text.

mod lab;

use analysis::report::{TerminalOptions, terminal};
use analysis::{RankOptions, rank};
use lab::{Lab, Service};
use record::trial::Trial;

fn shown(lab: &Lab, trials: &[Trial]) -> String {
    let options = RankOptions {
        tool: "gosweep test".into(),
        ..RankOptions::default()
    };
    let ranking = rank(&lab.run(), trials, &options).unwrap();
    let text = terminal(&ranking, TerminalOptions::default());
    for line in text.lines() {
        assert!(
            line.chars().count() <= 100,
            "wider than 100 columns: {line}"
        );
    }
    text
}

fn winner() -> Lab {
    let normal = Service::default();
    Lab::new()
        .cell(&[("gomaxprocs", "default"), ("gogc", "100")], normal)
        .cell(
            &[("gomaxprocs", "2"), ("gogc", "50")],
            Service {
                qps: 18_500.0,
                gc_per_kreq: 9.5,
                ..normal
            },
        )
        .cell(
            &[("gomaxprocs", "2"), ("gogc", "400")],
            Service {
                qps: 22_400.0,
                p99_ms: 3.2,
                gc_per_kreq: 1.4,
                rss_bytes: 62e6,
                ..normal
            },
        )
        .cell(
            &[("gomaxprocs", "1"), ("gogc", "400")],
            Service {
                qps: 12_100.0,
                p99_ms: 6.2,
                gc_per_kreq: 1.3,
                rss_bytes: 58e6,
                ..normal
            },
        )
}

#[test]
fn clear_winner() {
    let lab = winner();
    insta::assert_snapshot!(shown(&lab, &lab.trials()));
}

#[test]
fn no_change_worth_making() {
    let normal = Service::default();
    let lab = Lab::new()
        .cell(&[("gogc", "100")], normal)
        .cell(&[("gogc", "110")], normal)
        .cell(
            &[("gogc", "120")],
            Service {
                qps: 20_100.0,
                ..normal
            },
        );
    insta::assert_snapshot!(shown(&lab, &lab.trials()));
}
