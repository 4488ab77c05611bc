//! The table of axes: one row each, from which plans, judges, reports, schema and reference follow. A new axis is a row
//! here and the place that applies it.

use std::fmt;
use std::str::FromStr;

use super::shown::{self, Shown, ShownValue};
use super::value::{self, AxisValue, Parse};
use crate::limit::is_applied_cap;

/// The value that means "not set by gosweep".
pub const DEFAULT: &str = "default";

/// The value of `pgo` that means a profile of the control. A file of that name is `./control`.
pub const OF_CONTROL: &str = "control";

/// What a go line is given to `go build` by.
pub const GO_LINE_FLAG: &str = "-modfile";

/// What takes a setting to where it acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied<'a> {
    /// The Go that builds the target.
    Toolchain,
    /// Which sources or which program there are.
    Source(&'a str),
    /// A variable of `go build`.
    BuildVariable(&'a str),
    /// A flag of `go build`, without its `=value`.
    BuildFlag(&'a str),
    /// A variable of the process.
    Variable(&'a str),
    /// Choice and pinning of CPUs.
    Placement,
    /// A limit of the target's cgroup.
    Cgroup,
    /// The target's command line.
    TargetOption,
}

/// How a value may be written in YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Any scalar.
    Scalar,
    /// A text: YAML reads an unquoted 1.20 as 1.2.
    Text,
    /// A scalar, or a map of keys and values.
    Pairs,
}

/// What there is to know of an axis.
#[derive(Debug)]
pub(super) struct Row {
    /// Its name in files.
    name: &'static str,
    /// Its name in messages about what a process has.
    label: &'static str,
    applied: Applied<'static>,
    written: Written,
    /// What a cell has where its matrix says nothing.
    default: &'static str,
    /// Words besides `default` that mean the default.
    unset: &'static [&'static str],
    /// The value that Go has anyway, so that asking for it changes nothing.
    same_as_default: Option<&'static str>,
    parse: Parse,
    /// The first minor version of Go that has it; `None` for every one that gosweep builds with.
    since_minor: Option<u32>,
    /// The value that a process or its binary shows; `None` where nothing tells.
    shown: Option<fn(&Shown<'_>) -> Option<ShownValue>>,
    /// Whether the probe is what shows it.
    by_probe: bool,
    /// Whether what was asked for and what is shown agree.
    agree: fn(&AxisValue, &AxisValue) -> bool,
    /// The value that means another one in every block.
    by_block: Option<&'static str>,
    /// What it is, for the schema.
    about: &'static str,
    /// Examples for the schema, as a JSON list.
    examples: &'static str,
    /// Its values, for the reference.
    values: &'static str,
    /// What holds without it, for the reference.
    without: &'static str,
}

/// What most rows have.
const PLAIN: Row = Row {
    name: "",
    label: "",
    applied: Applied::TargetOption,
    written: Written::Scalar,
    default: DEFAULT,
    unset: &[],
    same_as_default: None,
    parse: value::text,
    since_minor: None,
    shown: None,
    by_probe: false,
    agree: |asked, shown| asked == shown,
    by_block: None,
    about: "",
    examples: "[]",
    values: "",
    without: "",
};

macro_rules! table {
    ($($variant:ident { $($field:ident: $value:expr),* $(,)? })*) => {
        /// One dimension of a matrix. The order of the variants is the order in which settings are shown.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Axis {
            $(
                #[doc = concat!("`", stringify!($variant), "` in lower case; see its row.")]
                $variant,
            )*
            /// An option of the target, passed on its command line.
            Option(String),
            /// Any other environment variable of the process.
            Env(String),
        }

        impl Axis {
            /// The axes that need no further name, in the order shown.
            pub const PLAIN: &'static [Axis] = &[$(Axis::$variant,)*];

            fn row(&self) -> &'static Row {
                match self {
                    $(Axis::$variant => {
                        const ROW: Row = Row { $($field: $value,)* ..PLAIN };
                        &ROW
                    })*
                    Axis::Option(_) => {
                        const ROW: Row = Row { applied: Applied::TargetOption, ..PLAIN };
                        &ROW
                    }
                    Axis::Env(_) => {
                        const ROW: Row = Row { applied: Applied::Variable(""), ..PLAIN };
                        &ROW
                    }
                }
            }
        }
    };
}

table! {
    Toolchain {
        name: "toolchain",
        label: "the Go version",
        applied: Applied::Toolchain,
        written: Written::Text,
        about: "Which Go builds the target: `default`, `path`, a version such as \"1.25.5\", the newest patch of a minor such as \"1.25\", or an absolute GOROOT. Quote versions: unquoted, YAML reads 1.20 as 1.2.",
        examples: r#"["path", "1.25.5", "1.25"]"#,
        values: "`default`, `path`, `\"1.25.5\"`, `\"1.25\"`, an absolute GOROOT",
        without: "`default`",
    }
    Ref {
        name: "ref",
        label: "the commit",
        applied: Applied::Source("ref"),
        written: Written::Text,
        unset: &["worktree"],
        parse: value::reference,
        about: "The branch, tag or commit of the target's git repository that is built; `worktree` for its files as they are. The repository is left as it is.",
        examples: r#"["main", "v1.2", "worktree"]"#,
        values: "branches, tags and commits of the target's git repository; `worktree`, its files as they are",
        without: "`worktree`",
    }
    Binary {
        name: "binary",
        label: "the program",
        applied: Applied::Source("binary"),
        written: Written::Text,
        unset: &["target"],
        about: "A ready-made program in place of the target's own, absolute, relative to the matrix file, or a name that is looked up in PATH; `target` for the target's own.",
        examples: r#"["./shop-old", "./shop-new", "target"]"#,
        values: "paths of ready-made programs, relative to the matrix file; `target`, the target's own",
        without: "`target`",
    }
    GoLine {
        name: "go_line",
        label: "the go line",
        applied: Applied::BuildFlag(GO_LINE_FLAG),
        written: Written::Text,
        unset: &["module"],
        parse: value::go_line,
        since_minor: Some(21),
        about: "The go line that the target is built under, raised in a copy of its go.mod: a minor version such as \"1.27\", `toolchain` for that of the Go that builds it, or `module` for the module's own. It sets defaults of GODEBUG and of the language. A line that is as high already stays. Quote versions. Go 1.21 and newer.",
        examples: r#"["module", "toolchain", "1.27"]"#,
        values: "`module`, the module's own; `toolchain`, that of the Go that builds it; `\"1.27\"`: raised in a copy of go.mod",
        without: "the module's own",
    }
    Goamd64 {
        name: "goamd64",
        label: "GOAMD64",
        applied: Applied::BuildVariable("GOAMD64"),
        shown: Some(|shown| shown.build_setting("GOAMD64")),
        about: "GOAMD64 at build time: v1 to v4.",
        examples: r#"["v1", "v3"]"#,
        values: "`v1` to `v4`, at build time",
        without: "Go's",
    }
    Goexperiment {
        name: "goexperiment",
        label: "GOEXPERIMENT",
        applied: Applied::BuildVariable("GOEXPERIMENT"),
        unset: &["none"],
        shown: Some(|shown| shown.build_setting("GOEXPERIMENT")),
        about: "GOEXPERIMENT at build time, e.g. greenteagc or nogreenteagc; `none` leaves it unset. Which names exist depends on the Go version.",
        examples: r#"["greenteagc"]"#,
        values: "experiments at build time, e.g. `greenteagc`; `none`",
        without: "Go's",
    }
    Pgo {
        name: "pgo",
        label: "-pgo",
        applied: Applied::BuildFlag("-pgo"),
        default: "off",
        since_minor: Some(21),
        shown: Some(|shown| shown.build_setting("-pgo")),
        // The path is one of our own, or of the host that built it.
        agree: |asked, shown| {
            let asked = match asked.to_string().as_str() {
                OF_CONTROL => "control.pb.gz".to_owned(),
                "auto" => "default.pgo".to_owned(),
                path => path.to_owned(),
            };
            let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
            name(&asked) == name(&shown.to_string())
        },
        about: "Profile-guided optimisation: `off`, the path of a CPU profile (relative to the matrix file), `control` for a profile that the run takes of the control cell before it builds the others, or `auto` for the default.pgo of the package, as Go does by itself. Go 1.21 and newer.",
        examples: r#"["off", "control", "auto"]"#,
        values: "`off`; the path of a CPU profile; `control`, a profile that the run itself takes of the control; `auto`, the package's own default.pgo",
        without: "`off`",
    }
    BuildTags {
        name: "build_tags",
        label: "-tags",
        applied: Applied::BuildFlag("-tags"),
        unset: &["none"],
        parse: value::names,
        shown: Some(|shown| shown.build_setting("-tags")),
        agree: |asked, shown| asked.to_string() == shown.to_string(),
        about: "Build tags, one or several separated by commas, as `go build -tags` takes them; `none` for none.",
        examples: r#"["netgo", "netgo,osusergo", "none"]"#,
        values: "build tags, several with commas; `none`",
        without: "none",
    }
    Layout {
        name: "layout",
        label: "the layout",
        // With -trimpath, which we always use, no binary tells its linker flags.
        applied: Applied::BuildFlag("-ldflags=-randlayout"),
        unset: &["none"],
        parse: value::seed,
        since_minor: Some(23),
        by_block: Some(value::FRESH),
        about: "Seed by which the linker shuffles functions, or `fresh` for another one in every block, so that luck of code placement becomes noise instead of bias; `none` keeps the linker's order. Go 1.23 and newer.",
        examples: r#"[1, 2, "fresh", "none"]"#,
        values: "seeds from 1 by which the linker shuffles functions; `fresh` for another one in every block; `none`",
        without: "the linker's order",
    }
    Gomaxprocs {
        name: "gomaxprocs",
        label: "GOMAXPROCS",
        applied: Applied::Variable("GOMAXPROCS"),
        parse: value::go_count,
        shown: Some(|shown| {
            let count = u32::try_from(shown.readback.gomaxprocs?).ok()?;
            Some(AxisValue::Count(count).into())
        }),
        about: "GOMAXPROCS of the process: a whole number from 1, or `default` to leave it to Go.",
        examples: r#"[1, 2, "default"]"#,
        values: "whole numbers from 1; `default` leaves it to Go",
        without: "Go's",
    }
    Gogc {
        name: "gogc",
        label: "GOGC",
        applied: Applied::Variable("GOGC"),
        same_as_default: Some("100"),
        parse: value::go_percent,
        shown: Some(|shown| shown.readback.gogc.map(shown::gogc)),
        by_probe: true,
        about: "GOGC of the process: a percentage, or `off` for no collection.",
        examples: r#"[50, 100, "off"]"#,
        values: "percentages, or `off`, which a negative number means as well",
        without: "Go's, which is 100",
    }
    Gomemlimit {
        name: "gomemlimit",
        label: "GOMEMLIMIT",
        applied: Applied::Variable("GOMEMLIMIT"),
        unset: &["none", "off"],
        parse: value::go_bytes,
        since_minor: Some(19),
        shown: Some(|shown| Some(AxisValue::Bytes(shown.readback.gomemlimit_bytes?).into())),
        by_probe: true,
        about: "GOMEMLIMIT of the process: bytes with B, KiB, MiB, GiB or TiB, or `none`.",
        examples: r#"["512MiB", "none"]"#,
        values: "sizes; `none` and `off` leave it unset",
        without: "Go's, which is no limit",
    }
    Godebug {
        name: "godebug",
        label: "GODEBUG",
        applied: Applied::Variable("GODEBUG"),
        written: Written::Pairs,
        unset: &["none"],
        parse: value::pairs,
        shown: Some(|shown| shown.readback.godebug.as_deref().map(shown::godebug)),
        by_probe: true,
        about: "GODEBUG of the process: `key=value` pairs separated by commas, or a map of them; `none` leaves it unset. gctrace and schedtrace are set by gosweep itself.",
        examples: r#"["madvdontneed=0", {"madvdontneed": 0}]"#,
        values: "`key=value` pairs with commas, or a map; `none`. gctrace and schedtrace are set by gosweep",
        without: "Go's",
    }
    Placement {
        name: "placement",
        label: "the CPU set",
        applied: Applied::Placement,
        default: "split",
        about: "Which CPUs the target and the load generator run on: none, split (the default), compact, spread, no-smt, node:N, llc:N, or cpus:LIST and cpus:LIST/LIST.",
        examples: r#"["split", "none", "cpus:0-3/4-5"]"#,
        values: "`none`, `split`, `compact`, `spread`, `no-smt`, `node:N`, `llc:N`, `cpus:LIST`, `cpus:LIST/LIST`",
        without: "`split`",
    }
    CpuQuota {
        name: "cpu_quota",
        label: "the CPU quota",
        applied: Applied::Cgroup,
        unset: &["none"],
        parse: value::quota,
        shown: Some(|shown| shown.readback.cpu_quota.as_deref().map(shown::quota)),
        about: "CPU time of the process as a number of CPUs, kept by a cgroup as in a container: 0.5, 2, or with another period than 100 ms, 0.5/20ms; `none` for no quota.",
        examples: r#"[0.5, 2, "none"]"#,
        values: "CPUs as a number, `0.5` or `2`, with another period than 100 ms as `0.5/20ms`; `none`",
        without: "no quota",
    }
    MemoryCap {
        name: "memory_cap",
        label: "the memory cap",
        applied: Applied::Cgroup,
        unset: &["none"],
        parse: value::cap,
        shown: Some(|shown| Some(AxisValue::Bytes(shown.readback.memory_cap_bytes?).into())),
        // Pages are what the kernel counts in.
        agree: |asked, shown| match (asked, shown) {
            (AxisValue::Bytes(asked), AxisValue::Bytes(shown)) => is_applied_cap(*asked, *shown),
            _ => false,
        },
        about: "Memory of the process, kept by a cgroup as in a container: bytes with B, KiB, MiB, GiB or TiB, or `none`. A process that needs more is killed by the kernel.",
        examples: r#"["64MiB", "none"]"#,
        values: "sizes from 4 MiB; `none`",
        without: "no cap",
    }
}

impl Axis {
    /// What a cell has on this axis when its matrix says nothing.
    pub fn default_value(&self) -> &'static str {
        self.row().default
    }

    /// How it is applied.
    pub fn applied(&self) -> Applied<'_> {
        match self {
            Axis::Env(name) => Applied::Variable(name),
            axis => axis.row().applied,
        }
    }

    /// The variable whose values Go judges: one of the process or of the build.
    pub fn go_variable(&self) -> Option<&str> {
        match self.applied() {
            Applied::Variable(name) | Applied::BuildVariable(name) => Some(name),
            _ => None,
        }
    }

    /// The axis that sets a variable of the process, where there is one.
    pub fn of_variable(variable: &str) -> Option<&'static Axis> {
        let is_it = |axis: &&Axis| axis.applied() == Applied::Variable(variable);
        Axis::PLAIN.iter().find(is_it)
    }

    /// Whether it acts when the target is built: two cells that differ on it have two programs, and a ready-made binary
    /// cannot follow it.
    pub fn is_build(&self) -> bool {
        matches!(
            self.applied(),
            Applied::Toolchain
                | Applied::Source(_)
                | Applied::BuildVariable(_)
                | Applied::BuildFlag(_)
        )
    }

    /// Whether it bears a name that people give.
    pub fn is_free(&self) -> bool {
        matches!(self, Axis::Option(_) | Axis::Env(_))
    }

    /// How its values may be written.
    pub fn written(&self) -> Written {
        self.row().written
    }

    /// The first minor version of Go that has it, where that is newer than the oldest that gosweep builds with.
    pub fn since_minor(&self) -> Option<u32> {
        self.row().since_minor
    }

    /// Whether a value means another one in every block, and so another program.
    pub fn changes_by_block(&self, value: &str) -> bool {
        self.row().by_block == Some(value)
    }

    /// Its name in messages about what a process has, e.g. `GOGC`.
    pub fn label(&self) -> &'static str {
        self.row().label
    }

    /// A value as a person writes it: where the default has a word of its own, such as `none` of `gomemlimit`, that.
    pub fn shown_value<'a>(&self, value: &'a str) -> &'a str {
        match (value, self.row().unset) {
            (DEFAULT, [word, ..]) => word,
            _ => value,
        }
    }

    /// Whether only the target's probe can show what became of it.
    pub fn is_shown_by_probe(&self) -> bool {
        self.row().by_probe
    }

    /// Reads a value; `None` for the default.
    ///
    /// # Errors
    /// The fix.
    pub fn parse_value(&self, text: &str) -> Result<Option<AxisValue>, String> {
        let row = self.row();
        // What the program itself reads is passed on to the byte.
        let text = if self.is_free() { text } else { text.trim() };
        if text == DEFAULT || text == row.default || row.unset.contains(&text) {
            return Ok(None);
        }
        if text.is_empty() && !self.is_free() {
            return Err(format!("write `{DEFAULT}` to leave it unset"));
        }
        (row.parse)(text).map(Some)
    }

    /// The one text of a value: what means the same reads the same.
    ///
    /// # Errors
    /// The fix.
    pub fn canonical(&self, text: &str) -> Result<String, String> {
        let value = self.parse_value(text)?;
        Ok(value.map_or_else(
            || self.default_value().to_owned(),
            |value| value.to_string(),
        ))
    }

    /// Whether two texts are one value: records of an older gosweep hold them as they were written.
    pub fn is_same(&self, one: &str, other: &str) -> bool {
        one == other
            || matches!((self.parse_value(one), self.parse_value(other)), (Ok(one), Ok(other)) if one == other)
    }

    /// Whether a value changes nothing that Go would not do by itself.
    pub(super) fn changes_nothing(&self, value: &str) -> bool {
        value == self.default_value() || Some(value) == self.row().same_as_default
    }

    /// The value that a process or its binary shows.
    pub(super) fn shown(&self, shown: &Shown<'_>) -> Option<ShownValue> {
        self.row().shown.and_then(|read| read(shown))
    }

    /// Whether what was asked for and what is shown agree.
    pub(super) fn agree(&self, asked: &AxisValue, shown: &AxisValue) -> bool {
        (self.row().agree)(asked, shown)
    }

    /// What it is, in a sentence, for the schema.
    pub fn about(&self) -> &'static str {
        self.row().about
    }

    /// Examples of values, a JSON list.
    pub fn examples(&self) -> &'static str {
        self.row().examples
    }

    /// Its values and what holds without it, as the reference in `matrices/README.md` has them.
    pub fn reference(&self) -> (&'static str, &'static str) {
        (self.row().values, self.row().without)
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Axis::Option(name) => write!(f, "option.{name}"),
            Axis::Env(name) => write!(f, "env.{name}"),
            axis => f.write_str(axis.row().name),
        }
    }
}

impl FromStr for Axis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("option.") {
            return Ok(Axis::Option(name.to_owned()));
        }
        if let Some(name) = text.strip_prefix("env.") {
            return Ok(Axis::Env(name.to_owned()));
        }
        let names = || Axis::PLAIN.iter().map(|axis| axis.row().name);
        if let Some(at) = names().position(|name| name == text) {
            return Ok(Axis::PLAIN[at].clone());
        }
        Err(match crate::diagnostic::closest(text, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let names: Vec<&str> = names().collect();
                format!("known axes: {}, option.NAME, env.NAME", names.join(", "))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_axis_gets_a_suggestion() {
        assert_eq!(
            "gomaxproc".parse::<Axis>(),
            Err("did you mean `gomaxprocs`?".into())
        );
    }

    #[test]
    fn one_value_may_have_several_texts() {
        assert!(Axis::Gogc.is_same("-1", "off"));
        assert!(Axis::Gomemlimit.is_same("1024MiB", "1GiB"));
        assert!(!Axis::Gogc.is_same("0", "off"));
        assert!(!Axis::Option("size".into()).is_same("01", "1"));
    }

    #[test]
    fn every_row_is_whole() {
        for axis in Axis::PLAIN {
            assert_eq!(axis.to_string().parse::<Axis>().as_ref(), Ok(axis));
            let row = axis.row();
            for text in [row.label, row.about, row.values, row.without] {
                assert!(!text.is_empty(), "{axis}");
            }
            let examples: Vec<serde_json::Value> = serde_json::from_str(row.examples).unwrap();
            assert!(!examples.is_empty(), "{axis}");
            for example in &examples {
                let Some(text) = example.as_str() else {
                    continue;
                };
                let canonical = axis.canonical(text).unwrap();
                assert_eq!(axis.canonical(&canonical), Ok(canonical), "{axis}");
            }
            for word in row.unset.iter().chain([&DEFAULT, &row.default]) {
                assert_eq!(axis.parse_value(word), Ok(None), "{axis} {word}");
            }
        }
    }
}
