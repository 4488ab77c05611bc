//! What other programs read, of a run whose names try to get out of their place.

use record::objective::{Direction, Objective};
use report::{Bencher, Benchfmt, Csv, Format, GithubBenchmark, Measured, OpenMetrics};
use testing::{hostile, winner};

use crate::ranked;

#[test]
fn every_line_of_benchfmt_is_a_benchmark() {
    for lab in [winner(), hostile()] {
        let ranking = ranked(&lab);
        let text = Benchfmt.write(&ranking).unwrap();
        let benchmarks = text.lines().filter(|line| line.starts_with("Benchmark"));
        let cells = ranking.targets.iter().flat_map(|target| &target.cells);
        let behind: usize = cells.map(|cell| cell.trials.len()).sum();
        assert_eq!(benchmarks.clone().count(), behind, "one line per trial");
        for line in benchmarks {
            let fields: Vec<&str> = line.split_whitespace().collect();
            assert!(fields.len() > 3 && fields.len().is_multiple_of(2), "{line}");
            assert_eq!(fields[1], "1");
            for pair in fields[2..].chunks(2) {
                assert!(pair[0].parse::<f64>().is_ok(), "{line}");
            }
        }
        for line in text.lines().filter(|line| !line.starts_with("Benchmark")) {
            let known = ["# ", "Unit ", "goos: ", "goarch: ", "cpu: "];
            assert!(known.iter().any(|own| line.starts_with(own)), "{line}");
        }
    }
}

#[test]
fn csv_has_a_row_for_every_figure_of_every_trial() {
    for lab in [winner(), hostile()] {
        let ranking = ranked(&lab);
        let text = Csv.write(&ranking).unwrap();
        let measured = ranking.measured();
        let cells = measured.cells.iter().flat_map(|cell| &cell.figures);
        let values: usize = cells.map(|figure| figure.trials.len()).sum();
        // A name may hold line ends, which are quoted.
        let ends = text.matches("\r\n").count();
        assert!(
            values > 0 && ends > values,
            "{ends} lines for {values} values"
        );
        let heading = text.lines().next().unwrap();
        assert!(heading.starts_with("run,target,cell,label,control,"));
    }
}

#[test]
fn each_direction_has_its_own_objectives() {
    let ranking = ranked(&winner());
    let names = |direction| {
        let text = GithubBenchmark(direction).write(&ranking).unwrap();
        let entries: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let names = entries
            .iter()
            .map(|own| own["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<String>>()
    };
    let bigger = names(Direction::HigherIsBetter);
    let smaller = names(Direction::LowerIsBetter);
    assert!(!bigger.is_empty() && bigger.iter().all(|name| name.ends_with(": QPS")));
    assert!(smaller.iter().any(|name| name.ends_with(": P99")));
    let figures: usize = ranking
        .measured()
        .cells
        .iter()
        .map(|cell| cell.figures.len())
        .sum();
    assert_eq!(bigger.len() + smaller.len(), figures);
}

#[test]
fn bencher_bounds_hold_the_value() {
    let text = Bencher.write(&ranked(&winner())).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut seen = 0;
    for metric in all
        .as_object()
        .unwrap()
        .values()
        .flat_map(|own| own.as_object().unwrap().values())
    {
        let (low, high) = (
            metric["lower_value"].as_f64().unwrap(),
            metric["upper_value"].as_f64().unwrap(),
        );
        let value = metric["value"].as_f64().unwrap();
        assert!(low <= value && value <= high);
        seen += 1;
    }
    assert!(seen >= Objective::ALL.len());
}

#[test]
fn openmetrics_has_one_family_per_name_and_an_end() {
    for lab in [winner(), hostile()] {
        let text = OpenMetrics { written_at_s: 7 }
            .write(&ranked(&lab))
            .unwrap();
        assert!(text.ends_with("\ngosweep_last_success_timestamp_seconds 7\n# EOF\n"));
        let types: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("# TYPE "))
            .collect();
        let mut once = types.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(types.len(), once.len());
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        for line in samples {
            let (_, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
}
