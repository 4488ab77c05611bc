//! The HTML page: well formed, self-contained, safe against what values hold; and what holds for every document in
//! every format.

use documents::comparison::Comparison;
use documents::gate::GateReport;
use documents::proof::Proof;
use documents::ranking::Ranking;
use judging::RankOptions;
use judging::comparison::{CompareOptions, Selector};
use judging::exploration::explore;
use judging::gate::{GateRequest, Rules, gate, selftest};
use judging::proof::prove;
use record::objective::Objective;
use report::{Document, TerminalOptions, html, markdown, terminal};
use testing::{Lab, burning, crashed, hostile, invalid, regressed, trade_off, upgrade, winner};

use crate::{ranked, ranked_with};

fn page(ranking: &Ranking) -> String {
    let page = html(ranking).unwrap();
    check_balance(&page);
    page
}

fn full() -> Ranking {
    let mut lab = winner();
    lab.constraints = "{error_rate: 0.1%}";
    let mut trials = lab.trials();
    trials[3].outcome = invalid();
    trials[6].outcome = crashed();
    ranked_with(&lab, &trials)
}

#[test]
fn is_well_formed_and_self_contained() {
    let page = page(&full());
    assert!(page.starts_with("<!DOCTYPE html>"));
    for outside in ["src=", "<link", "<script", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    // The only address is the name of the SVG vocabulary, which nobody fetches.
    assert_eq!(
        page.replace("http://www.w3.org/2000/svg", "")
            .replace("http-equiv", "")
            .matches("http")
            .count(),
        page.matches("httpjson").count()
    );
}

#[test]
fn charts_can_be_read_without_seeing_them() {
    let page = page(&full());
    let charts = page.matches("<svg").count();
    assert_eq!(
        charts, 7,
        "three objectives, P99 against QPS, the axes of three"
    );
    assert_eq!(page.matches("<desc").count(), charts);
    assert_eq!(page.matches("role=\"img\" aria-labelledby").count(), charts);
    let ids: Vec<&str> = page
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an id names one element");
}

#[test]
fn the_law_is_drawn_through_the_trials() {
    let page = page(&ranked(&trade_off()));
    let charts: Vec<&str> = page
        .split("<svg")
        .filter(|svg| svg.contains("class=\"law\""))
        .collect();
    assert_eq!(charts.len(), 2, "one for each GOGC");
    for chart in charts {
        assert_eq!(chart.matches("<circle").count(), 3, "1, 2 and 4 Ps");
        assert!(chart.contains("GOMAXPROCS 4: "), "{chart}");
        assert!(chart.contains("universal scalability law"), "{chart}");
    }
}

#[test]
fn hostile_values_stay_text() {
    let page = page(&ranked(&hostile()));
    assert!(!page.contains("<script"));
    assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"));
}

#[test]
fn an_empty_run_has_a_page() {
    let lab = winner();
    page(&ranked_with(&lab, &[]));
}

#[test]
fn every_document_reads_in_every_format() {
    let lab = trade_off();
    let objectives = [Objective::Qps, Objective::P99, Objective::Rss];
    in_every_format(&full());
    in_every_format(&ranked(&hostile()));
    in_every_format(&explore(&lab.run(), &lab.trials(), &objectives).unwrap());
    in_every_format(&gated(&regressed()));
    in_every_format(&compared(&upgrade(1.1)));
    in_every_format(&proved(&burning([100.0, 200.0, 300.0])));
    in_every_format(selftest().unwrap().as_slice());
}

fn gated(lab: &Lab) -> GateReport {
    gate(&GateRequest {
        measured: &advisor::measured(&lab.run(), &lab.trials()).unwrap(),
        rules: &Rules::parse("rules.yaml", "rules: [{qps: no worse than 3%}, p99 <= 5ms]").unwrap(),
        baseline: &Selector::Control,
        candidate: None,
        options: &CompareOptions::default(),
    })
    .unwrap()
}

fn compared(lab: &Lab) -> Comparison {
    let side = |text: &str| text.parse().unwrap();
    judging::comparison::within_run(
        &advisor::measured(&lab.run(), &lab.trials()).unwrap(),
        &side("toolchain=1.25.5"),
        &side("toolchain=1.27.3"),
        &CompareOptions::default(),
    )
    .unwrap()
}

fn proved(lab: &Lab) -> Proof {
    prove(&lab.run(), &lab.trials(), &RankOptions::default()).unwrap()
}

fn in_every_format<D: Document + ?Sized>(document: &D) {
    let page = html(document).unwrap();
    check_balance(&page);
    check_headings(&page);
    let text = markdown(document).unwrap();
    assert!(text.starts_with("# "), "{text}");
    check_tables(&text);
    let text = terminal(document, TerminalOptions::default());
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text}");
    assert!(!text.contains("\n\n\n"), "{text}");
    assert!(
        text.lines().all(|line| !line.ends_with(' ')),
        "no trailing spaces"
    );
}

/// One first heading, and no level left out on the way down.
fn check_headings(page: &str) {
    let levels: Vec<u32> = page
        .split("<h")
        .filter_map(|rest| rest.chars().next()?.to_digit(10))
        .collect();
    assert_eq!(levels.first(), Some(&1));
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    for pair in levels.windows(2) {
        assert!(pair[1] <= pair[0] + 1, "h{} below h{}", pair[1], pair[0]);
    }
}

/// Every row of a table has as many cells as its head.
fn check_tables(markdown: &str) {
    let mut cells_of_head = None;
    for line in markdown.lines() {
        let cells = line.replace("\\|", "").matches('|').count();
        match cells_of_head {
            _ if !line.starts_with('|') => cells_of_head = None,
            None => cells_of_head = Some(cells),
            Some(of_head) => assert_eq!(cells, of_head, "{line}"),
        }
    }
}

/// Every element that is opened is closed, in order.
fn check_balance(page: &str) {
    const VOID: [&str; 3] = ["meta", "br", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let tag = &rest[start + 1..];
        let end = end_of_tag(tag);
        let (content, after) = tag.split_at(end);
        rest = &after[1..];
        let name = content
            .split(|c: char| c.is_whitespace() || c == '/')
            .find(|part| !part.is_empty());
        let name = name.unwrap_or_else(|| panic!("a bare < before {}", &tag[..40.min(tag.len())]));
        if content.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closed out of order");
        } else if !content.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "never closed");
}

/// The position of the `>` that ends a tag; those in quotes do not.
fn end_of_tag(tag: &str) -> usize {
    let mut quoted = false;
    for (at, c) in tag.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return at,
            _ => {}
        }
    }
    panic!("a tag is never closed: {}", &tag[..60.min(tag.len())]);
}
