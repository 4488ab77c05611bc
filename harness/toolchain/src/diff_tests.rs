//! Two made-up GOROOTs with known changes.

use super::*;

const DESCRIPTION: &str = "package metrics\n\nvar allDesc = []Description{\n\t{\n\t\tName: \"/gc/heap/live:bytes\",\n\t},\n}\n";

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn goroot(version: &str, files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "VERSION", &format!("go{version}\n"));
    write(
        folder.path(),
        "src/runtime/metrics/description.go",
        DESCRIPTION,
    );
    for (name, text) in files {
        write(folder.path(), &format!("src/{name}"), text);
    }
    folder
}

fn names(changes: &[Change]) -> Vec<String> {
    let name = |own: &Change| format!("{} +{} -{}", own.name, own.added, own.removed);
    changes.iter().map(name).collect()
}

#[test]
fn files_and_functions_are_told_by_size_of_change() {
    let before = goroot(
        "1.98.1",
        &[
            (
                "runtime/mgc.go",
                "package runtime\n\nfunc (c *gcControllerState) end(x int) {\n\ta()\n}\n\nfunc one() int { return 1 }\n",
            ),
            (
                "runtime/proc.go",
                "package runtime\n\nfunc schedule() {\n\ta()\n\tb()\n}\n",
            ),
            (
                "runtime/mgc_test.go",
                "package runtime\n\nfunc TestX() {\n}\n",
            ),
            ("net/http/server.go", "package http\n\nfunc Gone() {\n}\n"),
        ],
    );
    let after = goroot(
        "1.99.0",
        &[
            (
                "runtime/mgc.go",
                "package runtime\n\nfunc (c *gcControllerState) end(x int) {\n\ta()\n\tb()\n\tc()\n}\n\nfunc one() int { return 2 }\n",
            ),
            (
                "runtime/proc.go",
                "package runtime\n\nfunc schedule() {\n\ta()\n\tb()\n}\n",
            ),
            (
                "runtime/mgc_windows.go",
                "package runtime\n\nfunc w() {\n}\n",
            ),
            ("net/http/server.go", "package http\n"),
            (
                "encoding/json/v2/new.go",
                "package json\n\nfunc Many(\n\ta int,\n) error {\n\treturn nil\n}\n",
            ),
        ],
    );
    let found = diff(before.path(), after.path()).unwrap();
    assert_eq!(
        (found.from.as_str(), found.to.as_str()),
        ("go1.98.1", "go1.99.0")
    );
    let area = |area| found.areas.iter().find(|own| own.area == area).unwrap();
    let gc = area(Area::Gc);
    assert_eq!(names(&gc.files), ["runtime/mgc.go +3 -1"]);
    assert_eq!(
        names(&gc.functions),
        [
            "runtime/mgc.go gcControllerState.end +2 -0",
            "runtime/mgc.go one +1 -1"
        ]
    );
    assert_eq!(area(Area::Scheduler).lines, 0);
    assert_eq!(area(Area::NetHttp).functions[0].kind, ChangeKind::Gone);
    assert_eq!(
        names(&area(Area::EncodingJson).functions),
        ["encoding/json/v2/new.go Many +5 -0"]
    );
}

#[test]
fn metrics_keys_and_defaults_come_from_the_tables() {
    let before = goroot(
        "1.25.5",
        &[(
            "internal/godebugs/table.go",
            "var All = []Info{\n\t{Name: \"old\", Package: \"net\"},\n\t{Name: \"kept\", Package: \"net\"},\n}\n",
        )],
    );
    let table = "var All = []Info{\n\t{Name: \"kept\", Package: \"net\", Changed: 26, Old: \"1\"},\n\
        \t{Name: \"later\", Package: \"os\", Changed: 28, Old: \"1\"},\n\t//{Name: \"not\", Package: \"x\"},\n\
        \t{Name: \"new\", Package: \"time\", Changed: 27, Old: \"0\", Opaque: true},\n}\n\
        \nvar Removed = []RemovedInfo{\n\t{Name: \"old\", Removed: 27},\n}\n";
    let after = goroot("1.27.3", &[("internal/godebugs/table.go", table)]);
    write(
        after.path(),
        "src/runtime/metrics/description.go",
        "\t\tName: \"/sched/goroutines/running:goroutines\",\n",
    );
    let found = diff(before.path(), after.path()).unwrap();
    assert_eq!(found.metrics_new, ["/sched/goroutines/running:goroutines"]);
    assert_eq!(found.metrics_gone, ["/gc/heap/live:bytes"]);
    assert_eq!(found.godebug_new, ["later", "new"]);
    assert_eq!(found.godebug_gone, ["old"]);
    let defaults: Vec<_> = found
        .defaults_by_go_line
        .iter()
        .map(|own| (own.key.as_str(), own.since_minor, own.old.as_str()))
        .collect();
    assert_eq!(defaults, [("kept", 26, "1"), ("new", 27, "0")]);
}

#[test]
fn a_folder_without_a_version_is_no_goroot() {
    let folder = tempfile::tempdir().unwrap();
    let other = goroot("1.99.0", &[]);
    assert!(diff(folder.path(), other.path()).is_err());
}
