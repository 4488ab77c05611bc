//! The matrices of an upgrade, as text: they are stored with their runs like any other, and can be run again.

use std::collections::BTreeMap;
use std::fmt::Write;

use record::axis::Axis;
use record::run::Cell;

/// The load where no matrix gives another.
const LOAD: &str = "load: {connections: 32, saturate: 3s, constant: {rate: 60%, for: 5s}}\n";
const WARMUP: &str = "warmup: {for: 2s, gc_cycles: 3}\n";
const BLOCKS: u32 = 10;

/// The keys of a matrix that an upgrade takes over as they stand.
const TAKEN_OVER: [&str; 9] = [
    "load",
    "warmup",
    "options",
    "constraints",
    "thresholds",
    "toolchain_sources",
    "seed",
    "bind_memory",
    "blocks",
];

/// What a matrix of versions is made of.
pub(super) struct Versions<'a> {
    pub(super) targets: &'a [String],
    pub(super) from: &'a str,
    pub(super) to: &'a [String],
    /// Whether any module's go line would be raised.
    pub(super) raise: bool,
    /// Whether every toolchain can shuffle its functions.
    pub(super) layout: bool,
    pub(super) blocks: Option<u32>,
    pub(super) base: &'a Base,
}

/// What a matrix of the user gives.
#[derive(Debug, Default)]
pub(super) struct Base {
    /// Sections as they stand, by key.
    pub(super) sections: BTreeMap<String, String>,
    /// The control's settings on other axes.
    pub(super) settings: Vec<(Axis, String)>,
}

impl Base {
    /// Takes the sections of a matrix in block style, and the control's settings.
    pub(super) fn of(matrix: &record::matrix::Matrix, text: &str) -> Base {
        let own = [Axis::Toolchain, Axis::GoLine, Axis::Layout];
        let control = matrix.control_settings();
        let settings = control
            .iter()
            .filter(|(axis, _)| !own.contains(axis) && control.set_value(axis).is_some());
        Base {
            settings: settings
                .map(|(axis, value)| (axis.clone(), value.to_owned()))
                .collect(),
            sections: sections(text),
        }
    }

    fn section(&self, key: &str, otherwise: &str) -> String {
        self.sections
            .get(key)
            .cloned()
            .unwrap_or_else(|| otherwise.to_owned())
    }
}

/// Each top-level key with its lines.
fn sections(text: &str) -> BTreeMap<String, String> {
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        let begins = line.starts_with(|c: char| c.is_ascii_alphabetic());
        if begins && let Some((key, _)) = line.split_once(':') {
            open = TAKEN_OVER.contains(&key).then(|| key.to_owned());
        }
        if let Some(key) = &open {
            let section = sections.entry(key.clone()).or_default();
            section.push_str(line);
            section.push('\n');
        }
    }
    sections
}

/// Old and new versions side by side, the new ones under the module's go line and under their own.
pub(super) fn versions(of: &Versions<'_>) -> String {
    let mut toolchains = vec![of.from.to_owned()];
    toolchains.extend(of.to.iter().cloned());
    let mut axes = vec![(Axis::Toolchain, toolchains)];
    let mut control = vec![(Axis::Toolchain, of.from.to_owned())];
    let mut rules = String::new();
    if of.raise {
        axes.push((
            Axis::GoLine,
            vec!["module".to_owned(), "toolchain".to_owned()],
        ));
        control.push((Axis::GoLine, "module".to_owned()));
        rules = format!(
            "exclude:\n  - {{toolchain: {}, go_line: toolchain}}\n",
            quoted(of.from)
        );
    }
    if of.layout {
        axes.push((Axis::Layout, vec!["fresh".to_owned()]));
        control.push((Axis::Layout, "fresh".to_owned()));
    }
    for (axis, value) in &of.base.settings {
        axes.push((axis.clone(), vec![value.clone()]));
        control.push((axis.clone(), value.clone()));
    }
    let why = format!("upgrade of Go from {} to {}", of.from, of.to.join(", "));
    text(
        "upgrade", &why, of.targets, &axes, &control, &rules, of.blocks, of.base,
    )
}

/// A new version as the control, and beside it one switch back at a time.
pub(super) fn switches(
    target: &str,
    cell: &Cell,
    switches: &[(Axis, String)],
    blocks: Option<u32>,
    base: &Base,
) -> String {
    let mut axes: BTreeMap<Axis, Vec<String>> = BTreeMap::new();
    for (name, value) in &cell.axes {
        if let Ok(axis) = name.parse::<Axis>() {
            axes.insert(axis, vec![value.clone()]);
        }
    }
    for (axis, value) in switches {
        let values = axes
            .entry(axis.clone())
            .or_insert_with(|| vec![axis.default_value().to_owned()]);
        values.push(value.clone());
    }
    let control: Vec<(Axis, String)> = axes
        .iter()
        .map(|(axis, values)| (axis.clone(), values[0].clone()))
        .collect();
    let mut rules = String::from("only:\n");
    for (axis, value) in switches {
        let others = control.iter().filter(|(other, _)| {
            other != axis && axes.get(other).is_some_and(|values| values.len() > 1)
        });
        let mut pairs = vec![format!("{axis}: {}", quoted(value))];
        pairs.extend(others.map(|(other, value)| format!("{other}: {}", quoted(value))));
        rules.push_str(&format!("  - {{{}}}\n", pairs.join(", ")));
    }
    let axes: Vec<(Axis, Vec<String>)> = axes.into_iter().collect();
    let why = "which switch back carries the difference".to_owned();
    let targets = [target.to_owned()];
    text(
        "switches", &why, &targets, &axes, &control, &rules, blocks, base,
    )
}

#[expect(
    clippy::too_many_arguments,
    reason = "the parts of one file, each used once"
)]
fn text(
    name: &str,
    why: &str,
    targets: &[String],
    axes: &[(Axis, Vec<String>)],
    control: &[(Axis, String)],
    rules: &str,
    blocks: Option<u32>,
    base: &Base,
) -> String {
    let list = |values: &[String]| {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        format!("[{}]", values.join(", "))
    };
    let mut text = format!(
        "name: {name}\nwhy: {}\ntargets: {}\naxes:\n",
        quoted(why),
        list(targets)
    );
    let put = |text: &mut String, line: String| {
        writeln!(text, "{line}").expect("a text takes all that is written");
    };
    for (axis, values) in axes {
        put(&mut text, format!("  {axis}: {}", list(values)));
    }
    put(&mut text, "control:".to_owned());
    for (axis, value) in control {
        put(&mut text, format!("  {axis}: {}", quoted(value)));
    }
    text.push_str(rules);
    text.push_str(&base.section("load", LOAD));
    text.push_str(&base.section("warmup", WARMUP));
    match blocks {
        Some(blocks) => put(&mut text, format!("blocks: {blocks}")),
        None => text.push_str(&base.section("blocks", &format!("blocks: {BLOCKS}\n"))),
    }
    let rest = TAKEN_OVER
        .iter()
        .filter(|key| !["load", "warmup", "blocks"].contains(key));
    for key in rest {
        text.push_str(&base.section(key, ""));
    }
    // All blocks of all cells: what leaves a race early cannot be told from the rest.
    text.push_str("race: false\nconfirm: 0\n");
    text
}

/// A YAML string in double quotes, as JSON writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::matrix::Matrix;

    fn examined(text: &str) -> Matrix {
        let (matrix, findings) = Matrix::examine("upgrade.yaml", text);
        assert!(findings.is_empty(), "{text}\n{findings:?}");
        matrix.unwrap()
    }

    const OWN: &str = "name: own\ntargets: [a]\naxes:\n  gogc: [100, 200]\n  toolchain: [\"1.25.5\"]\ncontrol: {gogc: 200}\n\
        load:\n  connections: 8\n  saturate: 1s\n  constant: {rate: 50%, for: 2s}\nwarmup: {for: 1s}\nblocks: 4\n";

    #[test]
    fn every_version_runs_under_both_go_lines_but_the_old_one() {
        let base = Base::of(&examined(OWN), OWN);
        let text = versions(&Versions {
            targets: &["a".to_owned(), "./b/target.yaml".to_owned()],
            from: "1.25.5",
            to: &["1.26.6".to_owned(), "1.27.3".to_owned()],
            raise: true,
            layout: true,
            blocks: None,
            base: &base,
        });
        let matrix = examined(&text);
        assert_eq!(matrix.expand().cells.len(), 2 * 5, "{text}");
        assert_eq!(matrix.blocks.max, 4);
        assert_eq!(matrix.load.connections, 8);
        assert_eq!(matrix.control_settings().get(&Axis::Gogc), "200");
    }

    #[test]
    fn switches_stand_alone_beside_the_new_version() {
        let axes = [
            ("toolchain", "1.27.3"),
            ("go_line", "toolchain"),
            ("layout", "fresh"),
        ];
        let cell = Cell {
            id: record::cell::CellId::of(["x"]),
            target: "a".to_owned(),
            axes: axes
                .map(|(axis, value)| (axis.to_owned(), value.to_owned()))
                .into(),
            control: false,
            artifact: String::new(),
            target_cpus: String::new(),
            generator_cpus: String::new(),
            memory_node: None,
            notes: Vec::new(),
        };
        let wanted = [
            (Axis::GoLine, "module".to_owned()),
            (Axis::Godebug, "containermaxprocs=0".to_owned()),
            (Axis::Goexperiment, "nogreenteagc".to_owned()),
            (Axis::Goexperiment, "nojsonv2".to_owned()),
        ];
        let text = switches("a", &cell, &wanted, Some(6), &Base::default());
        let matrix = examined(&text);
        let cells = matrix.expand().cells;
        assert_eq!(cells.len(), 5, "{text}");
        let control = matrix.control_settings();
        assert_eq!(control.get(&Axis::GoLine), "toolchain");
        for cell in &cells {
            let differ = Axis::PLAIN
                .iter()
                .filter(|axis| cell.settings.get(axis) != control.get(axis));
            assert!(differ.count() <= 1);
        }
    }
}
