//! What holds for the cells of every matrix that is read without error.

use std::collections::HashSet;

use proptest::prelude::*;
use record::axis::{Axis, Settings};
use record::matrix::{CellSpec, Expansion, Matrix};

const NAMES: [&str; 4] = ["gogc", "gomaxprocs", "env.FLAG", "option.size"];
const TARGETS: [&str; 2] = ["httpjson", "cache"];

#[derive(Debug, Clone)]
struct Written {
    targets: usize,
    /// Values per axis, besides `default`.
    axes: Vec<usize>,
    /// The control's value per axis, if it names it; it may lie alongside the axis.
    control: Vec<Option<usize>>,
    exclude: Vec<WrittenRule>,
    only: Vec<WrittenRule>,
}

#[derive(Debug, Clone)]
struct WrittenRule {
    /// Per axis the values that it names, as bits.
    values: Vec<u8>,
    target: Option<usize>,
}

fn written() -> impl Strategy<Value = Written> {
    let rule = || {
        let values = proptest::collection::vec(0u8..8, NAMES.len());
        let target = proptest::option::of(0..TARGETS.len());
        (values, target).prop_map(|(values, target)| WrittenRule { values, target })
    };
    (
        1..=TARGETS.len(),
        proptest::collection::vec(1usize..4, 0..=NAMES.len()),
        proptest::collection::vec(proptest::option::of(0usize..4), NAMES.len()),
        proptest::collection::vec(rule(), 0..3),
        proptest::collection::vec(rule(), 0..3),
    )
        .prop_map(|(targets, axes, control, exclude, only)| Written {
            targets,
            axes,
            control,
            exclude,
            only,
        })
}

impl Written {
    fn text(&self) -> String {
        let axes = self.axes.iter().enumerate().map(|(at, count)| {
            let values: Vec<_> = (0..*count).map(|value| format!("{value}0")).collect();
            format!("  {}: [default, {}]\n", NAMES[at], values.join(", "))
        });
        let axes: String = axes.collect();
        let head = if axes.is_empty() { "" } else { "axes:\n" };
        let named = self.control.iter().take(self.axes.len()).enumerate();
        let control =
            named.filter_map(|(at, value)| Some(format!("{}: {}0", NAMES[at], (*value)?)));
        format!(
            "name: x\ntargets: [{}]\nload: {{saturate: 1s}}\n{head}{axes}control: {{{}}}\nexclude: [{}]\nonly: [{}]\n",
            TARGETS[..self.targets].join(", "),
            control.collect::<Vec<_>>().join(", "),
            self.rules(&self.exclude),
            self.rules(&self.only),
        )
    }

    /// Rules over values that their axes have and targets of the matrix.
    fn rules(&self, rules: &[WrittenRule]) -> String {
        let rules = rules.iter().filter_map(|rule| {
            let mut parts: Vec<String> = Vec::new();
            for (at, count) in self.axes.iter().enumerate() {
                let named = (0..*count).filter(|value| (rule.values[at] >> value) & 1 == 1);
                let named: Vec<_> = named.map(|value| format!("{value}0")).collect();
                if !named.is_empty() {
                    parts.push(format!("{}: [{}]", NAMES[at], named.join(", ")));
                }
            }
            let target = rule.target.filter(|target| *target < self.targets);
            parts.extend(target.map(|target| format!("target: {}", TARGETS[target])));
            (!parts.is_empty()).then(|| format!("{{{}}}", parts.join(", ")))
        });
        rules.collect::<Vec<_>>().join(", ")
    }
}

fn within_the_axes(matrix: &Matrix, settings: &Settings) -> bool {
    matrix.axes.iter().all(|axis| {
        let value = settings.get(&axis.axis);
        axis.values.iter().any(|known| known.value == value)
    })
}

fn check(matrix: &Matrix, expansion: &Expansion) -> Result<(), TestCaseError> {
    let control = matrix.control_settings();
    let dropped = expansion.dropped.iter().map(|dropped| &dropped.cell);
    let all: Vec<&CellSpec> = expansion.cells.iter().chain(dropped).collect();
    let mut seen = HashSet::new();
    for cell in &all {
        let new = seen.insert((cell.target.clone(), cell.settings.to_string()));
        prop_assert!(new, "twice: {:?}", cell);
        let inside = cell.settings == control || within_the_axes(matrix, &cell.settings);
        prop_assert!(inside, "outside the axes: {:?}", cell);
    }
    let combinations: usize = matrix.axes.iter().map(|axis| axis.values.len()).product();
    let beside = usize::from(!within_the_axes(matrix, &control));
    prop_assert_eq!(all.len(), matrix.targets.len() * (combinations + beside));

    let excluded = |cell: &CellSpec| matrix.exclude.iter().any(|rule| rule.matches(cell));
    let kept = |cell: &CellSpec| {
        matrix.only.is_empty() || matrix.only.iter().any(|rule| rule.matches(cell))
    };
    for target in &matrix.targets {
        let of_target = |cell: &&CellSpec| cell.target == target.value;
        let mut cells = expansion.cells.iter().filter(of_target);
        let first = cells.next().map(|cell| &cell.settings);
        prop_assert_eq!(first, Some(&control), "the control is not first");
        for cell in cells {
            prop_assert!(!excluded(cell) && kept(cell), "kept: {:?}", cell);
        }
    }
    for dropped in &expansion.dropped {
        let by_a_rule = excluded(&dropped.cell) || !kept(&dropped.cell);
        prop_assert!(by_a_rule, "left out without a rule: {:?}", dropped);
    }
    Ok(())
}

/// Only a contradiction between rules may stand against a generated matrix.
fn is_contradiction(message: &str) -> bool {
    ["excludes the control", "no cell besides the control"]
        .iter()
        .any(|known| message.contains(known))
}

fn axis() -> impl Strategy<Value = Axis> {
    prop_oneof![
        proptest::sample::select(Axis::PLAIN.to_vec()),
        "[A-Za-z_][A-Za-z0-9_]{0,8}".prop_map(Axis::Env),
        "[A-Za-z0-9_.-]{1,8}".prop_map(Axis::Option),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn cells_are_what_axes_and_rules_say(written in written()) {
        match Matrix::parse("m.yaml", &written.text()) {
            Ok(matrix) => check(&matrix, &matrix.expand())?,
            Err(errors) => {
                let all = errors.findings.iter().all(|finding| is_contradiction(&finding.message));
                prop_assert!(all, "{}", errors);
            }
        }
    }

    #[test]
    fn settings_go_to_names_and_back(
        pairs in proptest::collection::vec((axis(), "\\PC{0,12}"), 0..8),
    ) {
        let mut settings = Settings::default();
        for (axis, value) in pairs {
            settings.insert(axis, value);
        }
        prop_assert_eq!(Settings::from_names(&settings.to_names()), Ok(settings));
    }

    #[test]
    fn axes_go_to_text_and_back(axis in axis()) {
        prop_assert_eq!(axis.to_string().parse(), Ok(axis));
    }
}

#[test]
fn axes_of_the_build_may_stand_in_a_group() {
    let text = "name: m\ntargets: [shop]\naxes:\n  build: {ref: [main, v1.2, worktree]}\n\
                control: {build: {ref: main}}\nload: {saturate: 1s}\n";
    let matrix = Matrix::parse("m.yaml", text).unwrap();
    let names: Vec<String> = matrix
        .expand()
        .cells
        .iter()
        .map(|own| own.settings.to_string())
        .collect();
    assert_eq!(names, ["ref=main", "ref=v1.2", "ref=worktree"]);
    let wrong = text
        .replace("ref:", "gogc:")
        .replace("control: {build: {gogc: main}}", "control: {}");
    let shown = Matrix::parse("m.yaml", &wrong).unwrap_err().render();
    assert!(shown.contains("`gogc` is no axis of the build"), "{shown}");
    let option = text
        .replace("[main, ", "[-x, ")
        .replace("ref: main", "ref: v1.2");
    assert!(Matrix::parse("m.yaml", &option).is_err());
}
