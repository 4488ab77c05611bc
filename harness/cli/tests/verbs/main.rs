//! Every verb as a person types it: help, good input, and bad input that must be told apart by its exit code and named
//! by its place.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod records;
mod terminal;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A run that was measured and kept as a sample of its format.
const KEPT_RUN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../record/tests/fixtures/format-1"
);

const USAGE: i32 = 2;

struct Said {
    code: i32,
    stdout: String,
    stderr: String,
}

/// An empty folder in which gosweep is called.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Desk {
        Desk {
            folder: TempDir::new().unwrap(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gosweep"));
        command
            .current_dir(self.path())
            .env("TMPDIR", self.path())
            .env("GOSWEEP_TEST_HOST", self.path())
            .env("GOSWEEP_CACHE", self.path().join("cache"))
            .env_remove("COLUMNS")
            .stdin(Stdio::null());
        command
    }

    fn say(&self, args: &[&str]) -> Said {
        let output = self.command().args(args).output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn json(&self, args: &[&str]) -> Value {
        let said = self.say(args);
        assert_eq!(said.code, 0, "{}", said.stderr);
        serde_json::from_str(&said.stdout).unwrap()
    }

    /// Both verbs that read a matrix refuse it in the same words.
    fn refusal(&self, matrix: &str) -> String {
        let plan = self.say(&["plan", matrix]);
        let run = self.say(&["run", matrix, "--out", "never"]);
        assert_eq!((plan.code, run.code), (USAGE, USAGE), "{}", plan.stderr);
        assert_eq!(plan.stderr, run.stderr);
        assert_eq!(plan.stdout + &run.stdout, "");
        assert!(!self.path().join("never").exists(), "nothing was begun");
        plan.stderr
    }

    /// A matrix over a service that needs no Go.
    fn good_matrix(&self) -> PathBuf {
        self.put("service.yaml", SERVICE);
        self.put("matrix.yaml", MATRIX)
    }
}

const SERVICE: &str = "\
name: service
binary: /bin/true
command: [\"{addr}\"]
requests: [{path: /, expect: {status: 200}}]
";

const MATRIX: &str = "\
name: good
why: to be planned
targets: [./service.yaml]
axes:
  gogc: [50, 100, 400]
  placement: [none]
exclude: [{gogc: 400}]
control: {gogc: 100}
load: {connections: 2, saturate: 1s}
blocks: 3
";

#[test]
fn help_reads_well() {
    let desk = Desk::new();
    let verbs = [
        "",
        "run",
        "plan",
        "host",
        "toolchain",
        "toolchain install",
        "upgrade",
        "rank",
        "report",
        "schema",
        "completions",
    ];
    for verb in verbs {
        let args: Vec<&str> = verb.split_whitespace().chain(["--help"]).collect();
        let said = desk.say(&args);
        assert_eq!(said.code, 0, "{verb}");
        let name = format!("help {verb}").trim().replace(' ', "_");
        insta::assert_snapshot!(name, said.stdout);
    }
    // The load driver's help has tests of its own.
    assert_eq!(desk.say(&["load", "--help"]).code, 0);
}

#[test]
fn the_version_names_its_revision() {
    let said = Desk::new().say(&["--version"]);
    let version = said.stdout.trim();
    let expected = concat!("gosweep ", env!("CARGO_PKG_VERSION"), " (");
    assert!(version.starts_with(expected), "{version}");
}

#[test]
fn what_is_no_verb_is_refused() {
    let desk = Desk::new();
    for args in [
        &["frobnicate"][..],
        &[],
        &["run"],
        &["run", "m.yaml", "--blocks", "0"],
        &["report", KEPT_RUN, "--format", "pdf"],
        &["report", KEPT_RUN],
        &["schema", "run"],
        &["completions", "cmd"],
        &["toolchain"],
    ] {
        let said = desk.say(args);
        assert_eq!(said.code, USAGE, "{args:?}: {}", said.stderr);
        assert!(
            said.stdout.is_empty() && !said.stderr.is_empty(),
            "{args:?}"
        );
    }
    let shard = desk.say(&["run", "m.yaml", "--shard", "1/2"]);
    assert_eq!(shard.code, USAGE);
    assert!(shard.stderr.contains("reserved"), "{}", shard.stderr);
}

#[test]
fn files_that_are_no_matrix_are_refused() {
    let desk = Desk::new();
    assert!(desk.refusal("none.yaml").contains("cannot read none.yaml"));
    desk.put("bytes.yaml", b"name: \xff\xfe\n");
    assert!(desk.refusal("bytes.yaml").contains("not UTF-8"));
    desk.put("empty.yaml", "");
    assert!(desk.refusal("empty.yaml").contains("empty.yaml"));
    desk.put("broken.yaml", "name: [unclosed\n");
    let broken = desk.refusal("broken.yaml");
    assert!(broken.contains("--> broken.yaml:"), "{broken}");
    // A folder is a matrix for neither, and a run to go on with for one.
    let folder = desk.path().join("folder");
    fs::create_dir(&folder).unwrap();
    assert_eq!(desk.say(&["plan", "folder"]).code, USAGE);
    let run = desk.say(&["run", "folder"]);
    assert_eq!(run.code, USAGE);
    assert!(run.stderr.contains("no run folder"), "{}", run.stderr);
}

#[test]
fn every_mistake_of_a_matrix_is_shown_at_its_place() {
    let desk = Desk::new();
    desk.put(
        "targets/httpjson/target.yaml",
        SERVICE.replace("name: service", "name: httpjson"),
    );
    desk.put(
        "bad.yaml",
        "\
name: bad
name: twice
targets: [htpjson, ./mine.yaml]
axes:
  gomaxprocs: [0, 2]
  gomemlimit: [512Mi]
  godebug: [\"panicnill=1\"]
  gogc: []
  toolchain: [1.20]
  plasement: [split]
  env.MODE: [a, a]
control: {gomaxprocs: 2}
exclude: [{gogc: 7}]
load: {connections: 0, saturate: 1s, constant: {rate: 60%}}
blokcs: 2
rank_by: [qsp]
constraints: {p99: 10}
",
    );
    desk.put(
        "mine.yaml",
        "name: mine\nbinary: ./mine\ncommnd: []\nrequests: [{path: here}]\n",
    );
    insta::assert_snapshot!(desk.refusal("bad.yaml"));
}

#[test]
fn rules_that_contradict_the_axes_are_refused() {
    let desk = Desk::new();
    desk.good_matrix();
    desk.put(
        "none-left.yaml",
        MATRIX.replace("{gogc: 400}", "{gogc: [50, 100, 400]}"),
    );
    let refusal = desk.refusal("none-left.yaml");
    assert!(refusal.contains("--> none-left.yaml:7:"), "{refusal}");
    desk.put("off-axis.yaml", MATRIX.replace("{gogc: 400}", "{gogc: 77}"));
    let refusal = desk.refusal("off-axis.yaml");
    assert!(refusal.contains("--> off-axis.yaml:7:"), "{refusal}");
}

#[test]
fn a_body_file_that_is_not_there_is_found_before_anything_is_built() {
    let desk = Desk::new();
    let target = "\
name: shop
build: {package: ./shop}
command: [-listen, \"{addr}\"]
requests: [{path: /orders, method: POST, body_file: order.json}]
";
    desk.put("shop/target.yaml", target);
    let matrix = "name: shop\ntargets: [shop/target.yaml]\nload: {saturate: 1s}\n";
    desk.put("shop.yaml", matrix);
    let said = desk.say(&["plan", "shop.yaml"]);
    assert_eq!(said.code, USAGE, "{}", said.stderr);
    assert!(
        said.stderr.contains("shop/order.json: No such file"),
        "{}",
        said.stderr
    );
    desk.put("shop/order.json", "{}");
    let said = desk.say(&["plan", "shop.yaml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
}

#[test]
fn a_placement_that_the_host_cannot_do_is_refused_with_the_reason() {
    let desk = Desk::new();
    desk.good_matrix();
    desk.put(
        "far.yaml",
        MATRIX
            .replace("[none]", "[none, \"node:4000\"]")
            .replace("{gogc: 100}", "{gogc: 100, placement: \"node:4000\"}"),
    );
    let refusal = desk.refusal("far.yaml");
    assert!(refusal.contains("node 4000 does not exist"), "{refusal}");
    assert!(refusal.contains("--> far.yaml:8:"), "{refusal}");
    // On a cell that is not the control it is left out, and said so.
    desk.put(
        "partly.yaml",
        MATRIX
            .replace("[none]", "[none, \"node:4000\"]")
            .replace("{gogc: 100}", "{gogc: 100, placement: none}"),
    );
    let plan = desk.json(&["plan", "partly.yaml", "--json"]);
    assert_eq!(plan["cells"].as_array().unwrap().len(), 2);
    let dropped = plan["dropped"].as_array().unwrap();
    let far: Vec<_> = dropped
        .iter()
        .filter(|cell| cell["axes"]["placement"] == "node:4000" && cell["axes"]["gogc"] != "400")
        .collect();
    assert_eq!(far.len(), 2);
    let reason = far[0]["reason"].as_str().unwrap();
    assert!(reason.contains("node 4000 does not exist"), "{reason}");
}

/// As somebody who may make no cgroup: nobody, where we are root.
#[test]
fn limits_that_may_not_be_set_are_refused_with_the_fix() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let desk = Desk::new();
    desk.good_matrix();
    let limited = MATRIX.replace("exclude", "  cpu_quota: [none, 0.5]\nexclude");
    desk.put("limited.yaml", limited);
    fs::set_permissions(desk.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = desk.command();
    command.args(["plan", "limited.yaml"]);
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("SKIPPED: nobody else may start gosweep here: {error}");
            return;
        }
    };
    let stderr = String::from_utf8(output.stderr).unwrap();
    if output.status.success() {
        eprintln!("SKIPPED: everybody may make cgroups here");
        return;
    }
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(
        stderr.starts_with("error: cpu_quota and memory_cap need"),
        "{stderr}"
    );
    assert!(
        stderr.contains("start it with its") || stderr.contains("systemd-run"),
        "{stderr}"
    );
    // A matrix without limits asks for nothing.
    assert_eq!(desk.say(&["plan", "matrix.yaml"]).code, 0);
}

#[test]
fn a_plan_lists_cells_order_cpus_and_time() {
    let desk = Desk::new();
    desk.good_matrix();
    let plan = desk.json(&["plan", "matrix.yaml", "--json"]);
    assert_eq!(plan["name"], "good");
    assert_eq!(plan["blocks"], 3);
    let cells = plan["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 2);
    assert_eq!(cells[0]["control"], true);
    assert_eq!(cells[0]["axes"]["gogc"], "100");
    assert_eq!(cells[1]["axes"]["gogc"], "50");
    assert!(!cells[0]["target_cpus"].as_str().unwrap().is_empty());
    assert!(!cells[0]["generator_cpus"].as_str().unwrap().is_empty());
    assert_eq!(plan["dropped"][0]["axes"]["gogc"], "400");
    // Each block: both cells, and the control once more.
    assert_eq!(plan["trials"], 9);
    let order = plan["order"].as_array().unwrap();
    assert_eq!(order.len(), 3);
    for block in order {
        let mut slots: Vec<(u64, bool)> = block
            .as_array()
            .unwrap()
            .iter()
            .map(|slot| {
                let cell = slot["cell"].as_u64().unwrap();
                (cell, slot["duplicate"].as_bool().unwrap())
            })
            .collect();
        slots.sort_unstable();
        assert_eq!(slots, [(1, false), (1, true), (2, false)]);
    }
    // Nine trials of one second and their beginnings and ends.
    assert!(plan["estimated_seconds"].as_f64().unwrap() > 9.0);
    assert_eq!(plan, desk.json(&["plan", "matrix.yaml", "--json"]));
    let text = desk.say(&["plan", "matrix.yaml"]).stdout;
    for part in [
        "2 cells, 3 blocks, 9 trials",
        "(control)",
        "left out",
        "Placement none",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn schemas_are_draft_07() {
    let desk = Desk::new();
    for format in ["matrix", "target"] {
        let schema = desk.json(&["schema", format]);
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert_eq!(schema["type"], "object");
    }
}

#[test]
fn completions_name_the_verbs() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = desk.say(&["completions", shell]);
        assert_eq!(said.code, 0, "{shell}");
        assert!(said.stdout.contains("toolchain"), "{shell}");
    }
}

#[test]
fn toolchains_are_listed_and_refused_by_name() {
    let desk = Desk::new();
    let said = desk.say(&["toolchain", "list"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("Go toolchain") || said.stdout.starts_with("path "));
    let none = desk.say(&["toolchain", "verify"]);
    assert_eq!(none.code, 0);
    assert!(none.stdout.contains("no installed toolchain"));
    for (args, expected) in [
        (
            &["toolchain", "install", "nonsense"][..],
            "names no Go toolchain",
        ),
        (
            &["toolchain", "install", "1.25", "--sources", "ftp"],
            "no toolchain source",
        ),
        (
            &["toolchain", "install", "1.25.5", "--sources", "cache"],
            "is empty",
        ),
        (
            &["toolchain", "install", "/nonexistent/go"],
            "/nonexistent/go",
        ),
        (&["toolchain", "verify", "1.2.3"], "no Go toolchain `1.2.3`"),
    ] {
        let said = desk.say(args);
        assert_eq!(said.code, USAGE, "{args:?}: {}", said.stderr);
        assert!(said.stderr.contains(expected), "{args:?}: {}", said.stderr);
    }
}

#[test]
fn another_machine_is_shown_cpu_by_cpu() {
    let desk = Desk::new();
    let name = "x86_64-64cpu";
    let archive = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../topology/tests/fixtures/{name}.tar.gz"));
    let file = fs::File::open(archive).unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(file))
        .unpack(desk.path())
        .unwrap();
    let host = desk.json(&["host", "--root", name, "--json"]);
    let cpus = host["cpus"].as_array().unwrap();
    assert_eq!(cpus.len(), 64);
    for cpu in cpus {
        for field in [
            "id", "online", "package", "core", "node", "siblings", "caches",
        ] {
            assert!(!cpu[field].is_null(), "{field} of {cpu}");
        }
        let siblings = cpu["siblings"].as_array().unwrap();
        assert!(siblings.contains(&cpu["id"]), "{cpu}");
        let cache = &cpu["caches"][0];
        assert_eq!(cache["level"], 1);
        assert!(
            cache["shared_cpus"]
                .as_array()
                .unwrap()
                .contains(&cpu["id"])
        );
    }
    assert!(host["readiness"][0]["id"].is_string());
    let text = desk.say(&["host", "--root", name]);
    assert_eq!(text.code, 0);
    assert!(text.stdout.contains("Fit for measuring?"));
    for nothing in ["absent", "."] {
        let said = desk.say(&["host", "--root", nothing]);
        assert_eq!(said.code, USAGE);
        assert!(said.stderr.contains("no CPUs found"), "{}", said.stderr);
    }
}

#[test]
fn this_machine_is_shown() {
    let host = Desk::new().json(&["host", "--json"]);
    let cpus = host["cpus"].as_array().unwrap();
    assert!(cpus.iter().any(|cpu| cpu["usable"] == true));
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let desk = Desk::new();
    for args in [
        &["host", "--json"][..],
        &["schema", "matrix"],
        &["completions", "bash"],
        &["rank", KEPT_RUN],
        &["report", KEPT_RUN, "--format", "html"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = desk
            .command()
            .args(args)
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), stderr.as_str()),
            (Some(0), ""),
            "{args:?}"
        );
    }
}

#[test]
fn nobody_else_may_write_to_what_is_written_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    for (umask, expected) in [("000", 0o644), ("077", 0o600), ("777", 0o600)] {
        let folder = TempDir::new().unwrap();
        let report = folder.path().join("report.md");
        let done = Command::new("/bin/sh")
            .args(["-c", "umask $0 && exec \"$@\"", umask])
            .arg(env!("CARGO_BIN_EXE_gosweep"))
            .args(["report", KEPT_RUN, "--format", "md", "-o"])
            .arg(&report)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        let mode = fs::metadata(&report).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, expected, "umask {umask}: {mode:o}");
    }
}
