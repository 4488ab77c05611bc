//! Real builds of a tiny module with the machine's own go.

use std::path::Path;
use std::sync::OnceLock;

use gotrace::environment::MicroArchitecture;

use super::super::ask_for;
use super::super::request::{GoLine, Pgo};
use super::*;
use toolchain::{Toolbox, ToolchainSpec, install};

/// A module that needs no package but runtime, so that it builds in seconds.
struct Bench {
    folder: tempfile::TempDir,
    toolchain: Toolchain,
    store: Store,
}

impl Bench {
    /// `None`, said loudly, where there is no go.
    fn new(test: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("cache"));
        // Compiled standard packages are shared between tests and runs: a cold build takes ten seconds and more.
        fs::create_dir_all(store.root()).unwrap();
        std::os::unix::fs::symlink(shared_go_build(), store.go_build()).unwrap();
        let toolchain = match machines_go() {
            Ok(toolchain) if toolchain.version.at_least(21) => toolchain.clone(),
            Ok(toolchain) => {
                return skip(test, &format!("{} is older than 1.21", toolchain.version));
            }
            Err(error) => return skip(test, error),
        };
        let bench = Self {
            folder,
            toolchain,
            store,
        };
        bench.write("go.mod", "module example.com/tiny\n\ngo 1.21\n");
        bench.write("main.go", "package main\n\nimport _ \"embed\"\n\n//go:embed page.txt\nvar page string\n\nfunc main() { println(page, other) }\n");
        bench.write("page.txt", "hello");
        bench.write("other.go", "package main\n\nvar other = 1\n");
        bench.write("unused.md", "not read by the build");
        Some(bench)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn request(&self) -> BuildRequest {
        BuildRequest::new("tiny", self.folder.path(), ".")
    }

    fn build(&self, request: &BuildRequest) -> Result<Artifact, BuildError> {
        build(&self.toolchain, request, &self.store, Watch::silent())
    }
}

/// Looked for once: unoptimised, hashing a compiler takes seconds.
fn machines_go() -> &'static Result<Toolchain, String> {
    static FOUND: OnceLock<Result<Toolchain, String>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let toolbox = Toolbox::new(Store::at(folder.path()));
        install(&ToolchainSpec::Path, &toolbox, Watch::silent()).map_err(|error| error.to_string())
    })
}

fn skip(test: &str, reason: &str) -> Option<Bench> {
    eprintln!("SKIPPED {test}: {reason}");
    None
}

/// In cargo's target folder, next to the test binary.
fn shared_go_build() -> PathBuf {
    let test_binary = std::env::current_exe().unwrap();
    let folder = test_binary.parent().unwrap().join("gosweep-test-go-build");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The module of the tests has go 1.21, and its own files stay as they are.
#[test]
fn the_go_line_is_raised_in_a_copy() {
    let Some(bench) = Bench::new("the_go_line_is_raised_in_a_copy") else {
        return;
    };
    let mut request = bench.request();
    let own = bench.build(&request).unwrap();
    request.go_line = Some(GoLine::Toolchain);
    let raised = bench.build(&request).unwrap();
    let defaults = |built: &Artifact| built.build_info.default_godebug().len();
    assert!(defaults(&own) > defaults(&raised), "{}", own.go_version_m);
    assert_ne!(own.key, raised.key);
    assert!(bench.build(&request).unwrap().cached);
    // A line as high as the module's own is the module's own.
    request.go_line = Some(GoLine::Minor("1.21".to_owned()));
    assert_eq!(bench.build(&request).unwrap().key, own.key);
    let text = fs::read_to_string(bench.folder.path().join("go.mod")).unwrap();
    assert_eq!(text, "module example.com/tiny\n\ngo 1.21\n");
}

#[test]
fn a_binary_is_built_proved_and_reused() {
    let Some(bench) = Bench::new("a_binary_is_built_proved_and_reused") else {
        return;
    };
    let first = bench.build(&bench.request()).unwrap();
    assert!(!first.cached);
    assert!(
        first
            .build_info
            .go_version
            .same_release(&bench.toolchain.version)
    );
    assert!(
        first.go_version_m.starts_with("tiny: go1."),
        "{}",
        first.go_version_m
    );
    assert_eq!(first.build_info.setting("CGO_ENABLED"), Some("0"));
    assert_eq!(first.sha256, digest::of_file(&first.path).unwrap());
    assert_eq!(first.size_bytes, fs::metadata(&first.path).unwrap().len());
    assert!(
        first.command.contains(" build -trimpath -pgo=off -o "),
        "{}",
        first.command
    );
    // go.mod, two Go files and the embedded one; not unused.md.
    assert_eq!(first.source_files, 4);

    bench.write("unused.md", "changed");
    let second = bench.build(&bench.request()).unwrap();
    assert!(second.cached);
    assert_eq!(
        Artifact {
            cached: false,
            ..second
        },
        first
    );
}

#[test]
fn whatever_decides_the_bytes_makes_another_artifact() {
    let Some(bench) = Bench::new("whatever_decides_the_bytes_makes_another_artifact") else {
        return;
    };
    let mut keys = vec![bench.build(&bench.request()).unwrap().key];
    let mut new = |artifact: Artifact, what: &str| {
        assert!(!artifact.cached, "{what}");
        assert!(!keys.contains(&artifact.key), "{what}");
        keys.push(artifact.key);
    };
    bench.write("page.txt", "an embedded file");
    new(bench.build(&bench.request()).unwrap(), "embedded file");
    bench.write("other.go", "package main\n\nvar other = 2\n");
    new(bench.build(&bench.request()).unwrap(), "source file");
    bench.write("go.mod", "module example.com/tiny\n\ngo 1.20\n");
    new(bench.build(&bench.request()).unwrap(), "go line");
    let tagged = BuildRequest {
        tags: vec!["one".to_owned(), "two".to_owned()],
        ..bench.request()
    };
    new(bench.build(&tagged).unwrap(), "tags");
    let linked = BuildRequest {
        ldflags: Some("-s -w".to_owned()),
        ..bench.request()
    };
    new(bench.build(&linked).unwrap(), "ldflags");
}

#[test]
fn a_replaced_module_beside_ours_counts() {
    let Some(bench) = Bench::new("a_replaced_module_beside_ours_counts") else {
        return;
    };
    fs::create_dir_all(bench.folder.path().join("app")).unwrap();
    fs::create_dir_all(bench.folder.path().join("lib")).unwrap();
    bench.write("lib/go.mod", "module example.com/lib\n\ngo 1.21\n");
    bench.write("lib/lib.go", "package lib\n\nconst Number = 1\n");
    bench.write(
        "app/go.mod",
        "module example.com/app\n\ngo 1.21\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ../lib\n",
    );
    bench.write(
        "app/main.go",
        "package main\n\nimport \"example.com/lib\"\n\nfunc main() { println(lib.Number) }\n",
    );
    let request = BuildRequest::new("app", bench.folder.path().join("app"), ".");
    let first = bench.build(&request).unwrap();
    assert!(bench.build(&request).unwrap().cached);
    bench.write("lib/lib.go", "package lib\n\nconst Number = 2\n");
    let second = bench.build(&request).unwrap();
    assert!(!second.cached);
    assert_ne!(first.sha256, second.sha256);
}

#[test]
fn a_default_profile_is_used_only_when_asked_for() {
    let Some(bench) = Bench::new("a_default_profile_is_used_only_when_asked_for") else {
        return;
    };
    // An empty profile is a valid one: it holds no samples.
    bench.write("default.pgo", "");
    let off = bench.build(&bench.request()).unwrap();
    assert_eq!(off.build_info.pgo(), gotrace::buildinfo::Pgo::Off);
    let missing = BuildRequest {
        pgo: Pgo::Profile("/nowhere/cpu.pprof".into()),
        ..bench.request()
    };
    assert!(
        bench
            .build(&missing)
            .unwrap_err()
            .to_string()
            .contains("/nowhere/cpu.pprof is no absolute path to a file")
    );
}

#[test]
fn tags_decide_which_files_are_built() {
    let Some(bench) = Bench::new("tags_decide_which_files_are_built") else {
        return;
    };
    bench.write(
        "special.go",
        "//go:build special\n\npackage main\n\nfunc init() { println(\"special\") }\n",
    );
    let plain = bench.build(&bench.request()).unwrap();
    let mut request = bench.request();
    ask_for(&mut request, "-tags", "other,special", Path::new("/")).unwrap();
    let tagged = bench.build(&request).unwrap();
    assert_eq!(plain.build_info.setting("-tags"), None);
    assert_eq!(tagged.build_info.setting("-tags"), Some("other,special"));
    assert_eq!(tagged.source_files, plain.source_files + 1);
    assert_ne!(tagged.sha256, plain.sha256);
}

#[test]
fn another_seed_lays_the_same_functions_out_otherwise() {
    let Some(bench) = Bench::new("another_seed_lays_the_same_functions_out_otherwise") else {
        return;
    };
    if !bench.toolchain.version.at_least(23) {
        return;
    }
    let with_seed = |seed: &str| {
        let mut request = bench.request();
        ask_for(&mut request, "-ldflags=-randlayout", seed, Path::new("/")).unwrap();
        bench.build(&request).unwrap()
    };
    let plain = bench.build(&bench.request()).unwrap();
    let (one, two, again) = (with_seed("1"), with_seed("2"), with_seed("1"));
    assert_ne!(one.sha256, plain.sha256);
    assert_ne!(one.sha256, two.sha256);
    assert_eq!((again.sha256, again.cached), (one.sha256, true));
}

#[test]
fn a_damaged_artifact_is_built_again() {
    let Some(bench) = Bench::new("a_damaged_artifact_is_built_again") else {
        return;
    };
    let first = bench.build(&bench.request()).unwrap();
    fs::write(&first.path, "damaged").unwrap();
    let second = bench.build(&bench.request()).unwrap();
    assert!(!second.cached);
    assert_eq!(second.sha256, first.sha256);
}

#[test]
fn assembly_in_the_module_is_left_to_gos_own_cache() {
    let Some(bench) = Bench::new("assembly_in_the_module_is_left_to_gos_own_cache") else {
        return;
    };
    bench.write("stub.s", "// nothing\n");
    let first = bench.build(&bench.request()).unwrap();
    let second = bench.build(&bench.request()).unwrap();
    assert!(!first.cached && !second.cached);
    assert_eq!((first.path, first.sha256), (second.path, second.sha256));
}

#[test]
fn the_compilers_words_come_back() {
    let Some(bench) = Bench::new("the_compilers_words_come_back") else {
        return;
    };
    bench.write("other.go", "package main\n\nvar other int = \"text\"\n");
    let error = bench.build(&bench.request()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("cannot use \"text\""), "{text}");
    assert!(text.contains("build -trimpath -pgo=off"), "{text}");
    assert!(matches!(error, BuildError::Go(failure) if failure.fix.is_none()));
}

#[test]
fn known_traps_come_with_their_fix() {
    let Some(bench) = Bench::new("known_traps_come_with_their_cure") else {
        return;
    };
    let fix = |request: &BuildRequest| match bench.build(request).unwrap_err() {
        BuildError::Go(failure) => failure.fix.unwrap_or(failure.output),
        other => other.to_string(),
    };
    bench.write("go.mod", "module example.com/tiny\n\ngo 1.999\n");
    assert!(fix(&bench.request()).contains("asks for Go 1.999"));
    bench.write(
        "go.mod",
        "module example.com/tiny\n\ngo 1.21\n\nrequire example.com/other v1.0.0\n",
    );
    bench.write(
        "other.go",
        "package main\n\nimport \"example.com/other\"\n\nvar other = other.X\n",
    );
    let text = fix(&bench.request());
    assert!(
        text.contains("go mod tidy") || text.contains("fetch: true"),
        "{text}"
    );
    bench.write("go.mod", "module example.com/tiny\n\ngo 1.21\n");
    bench.write("other.go", "package main\n\nvar other = 1\n");
    let odd = BuildRequest {
        goexperiment: Some("nosuchexperiment".to_owned()),
        ..bench.request()
    };
    assert!(fix(&odd).contains("does not have that experiment"));
}

#[test]
fn what_go_would_misread_is_refused() {
    let Some(bench) = Bench::new("what_go_would_misread_is_refused") else {
        return;
    };
    let said = |request: BuildRequest| bench.build(&request).unwrap_err().to_string();
    assert!(
        said(BuildRequest {
            package: "-toolexec=evil".to_owned(),
            ..bench.request()
        })
        .contains("is not one package")
    );
    assert!(
        said(BuildRequest {
            package: "./...".to_owned(),
            ..bench.request()
        })
        .contains("is not one package")
    );
    assert!(
        said(BuildRequest {
            target: "../evil".to_owned(),
            ..bench.request()
        })
        .contains("a target's name")
    );
    assert!(
        said(BuildRequest {
            tags: vec!["a b".to_owned()],
            ..bench.request()
        })
        .contains("is no build tag")
    );
    fs::create_dir(bench.folder.path().join("lib")).unwrap();
    bench.write("lib/lib.go", "package lib\n");
    assert!(
        said(BuildRequest {
            package: "./lib".to_owned(),
            ..bench.request()
        })
        .contains("is package lib, not main")
    );
}

#[test]
fn a_binary_that_is_not_as_asked_is_refused() {
    let Some(bench) = Bench::new("a_binary_that_is_not_as_asked_is_refused") else {
        return;
    };
    let request = bench.request();
    let artifact = bench.build(&request).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let settings = Settings::of(&request, &bench.toolchain, &bench.store, Watch::silent()).unwrap();
    let inputs = Inputs::gather(
        &request,
        &bench.toolchain,
        &settings,
        scratch.path(),
        Watch::silent(),
    )
    .unwrap();
    let caveat = |info: &BuildInfo, request: &BuildRequest| {
        prove::prove(info, request, &bench.toolchain, &inputs)
            .unwrap_err()
            .to_string()
    };
    prove::prove(&artifact.build_info, &request, &bench.toolchain, &inputs).unwrap();
    let mut other = artifact.build_info.clone();
    other.go_version = gotrace::version::GoVersion::release(1, 1);
    assert!(
        caveat(&other, &request).contains("says go1.1.1 where go1.")
            || caveat(&other, &request).contains("says go1.1")
    );
    let tagged = BuildRequest {
        tags: vec!["one".to_owned()],
        ..request.clone()
    };
    assert!(caveat(&artifact.build_info, &tagged).contains("says no -tags where -tags=one"));
    let experiment = BuildRequest {
        goexperiment: Some("arenas".to_owned()),
        ..request.clone()
    };
    assert!(
        caveat(&artifact.build_info, &experiment).contains("GOEXPERIMENT=arenas was asked for")
    );
    let mut profiled = artifact.build_info.clone();
    profiled
        .settings
        .insert("-pgo".to_owned(), "/some/default.pgo".to_owned());
    assert!(caveat(&profiled, &request).contains("where no profile was asked for"));
    if cfg!(target_arch = "x86_64") {
        let level = BuildRequest {
            goamd64: MicroArchitecture::V3,
            ..request
        };
        assert!(caveat(&artifact.build_info, &level).contains("says GOAMD64=v1 where GOAMD64=v3"));
    }
}

#[test]
fn the_users_go_settings_do_not_get_through() {
    let Some(bench) = Bench::new("the_users_go_settings_do_not_get_through") else {
        return;
    };
    let scratch = Path::new("/scratch");
    let request = bench.request();
    let settings = Settings::of(&request, &bench.toolchain, &bench.store, Watch::silent()).unwrap();
    let command = settings.command("build", &request, &bench.toolchain, scratch);
    let get = |name: &str| {
        command
            .get_envs()
            .find(|(key, _)| *key == name)
            .and_then(|(_, value)| value.map(|value| value.to_string_lossy().into_owned()))
    };
    for (name, value) in [
        ("GOENV", "off"),
        ("GOWORK", "off"),
        ("GOTOOLCHAIN", "local"),
        ("GOPROXY", "off"),
        ("GOSUMDB", "off"),
        ("GOFLAGS", "-buildvcs=false"),
        ("CGO_ENABLED", "0"),
        ("HOME", "/scratch"),
    ] {
        assert_eq!(get(name).as_deref(), Some(value), "{name}");
    }
    for name in [
        "GODEBUG",
        "GOGC",
        "GOMEMLIMIT",
        "GOMAXPROCS",
        "GOEXPERIMENT",
        "GOBIN",
    ] {
        assert_eq!(get(name), None, "{name}");
    }
}

#[test]
fn a_toolchain_of_the_store_is_proved_before_it_builds() {
    let Some(bench) = Bench::new("a_toolchain_of_the_store_is_proved_before_it_builds") else {
        return;
    };
    // The machine's go, recorded as if gosweep had installed it with other files.
    let recorded = Toolchain {
        files_sha256: Some(digest::of_bytes(b"other files")),
        ..bench.toolchain.clone()
    };
    let error = build(&recorded, &bench.request(), &bench.store, Watch::silent()).unwrap_err();
    assert!(
        matches!(error, BuildError::Toolchain(ToolchainError::Io { .. })),
        "{error}"
    );
    assert!(!bench.store.artifacts().exists(), "something was built");
}

#[test]
fn what_is_built_may_only_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let Some(bench) = Bench::new("what_is_built_may_only_be_read") else {
        return;
    };
    let artifact = bench.build(&bench.request()).unwrap();
    for entry in fs::read_dir(artifact.path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o222, 0, "{:?}", entry.path());
    }
}
