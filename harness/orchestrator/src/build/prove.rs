//! Does the binary say that it is what was asked for?

use std::path::Path;
use std::time::Duration;

use gotrace::buildinfo::{self, BuildInfo};

use super::error::BuildError;
use super::inputs::Inputs;
use super::request::BuildRequest;
use supervise::child;
use toolchain::environment::{self, goarch};
use toolchain::{Toolchain, ToolchainError, Watch};

/// `go version -m` of `folder/<target>`, as text and read.
pub(super) fn ask(
    folder: &Path,
    request: &BuildRequest,
    toolchain: &Toolchain,
    scratch: &Path,
    watch: Watch<'_>,
) -> Result<(String, BuildInfo), BuildError> {
    let mut command = environment::clean(&toolchain.go(), scratch);
    // Run in its folder: the text then names the target and no temporary path.
    command
        .current_dir(folder)
        .args(["version", "-m", &request.target]);
    let done = child::run(command, Duration::from_secs(60), watch.stop(), &|| {})
        .map_err(ToolchainError::from)?;
    let info = BuildInfo::parse(&done.stdout).map_err(|error| BuildError::NotAsAsked {
        target: request.target.clone(),
        asked: "a Go binary with build information".to_owned(),
        is: format!("{error}; {}", done.stderr.trim()),
    })?;
    Ok((done.stdout, info))
}

/// Compares what the binary says with what was asked for.
pub(super) fn prove(
    info: &BuildInfo,
    request: &BuildRequest,
    toolchain: &Toolchain,
    inputs: &Inputs,
) -> Result<(), BuildError> {
    let not_as_asked = |asked: String, is: String| {
        Err(BuildError::NotAsAsked {
            target: request.target.clone(),
            asked,
            is,
        })
    };
    if !info.go_version.same_release(&toolchain.version) {
        return not_as_asked(toolchain.version.to_string(), info.go_version.to_string());
    }
    if info.path.as_deref() != Some(inputs.import_path.as_str()) {
        return not_as_asked(inputs.import_path.clone(), format!("{:?}", info.path));
    }
    for (key, asked) in expected(request) {
        let is = info.setting(key);
        if is != asked.as_deref() {
            let show = |value: Option<&str>| {
                value.map_or(format!("no {key}"), |value| format!("{key}={value}"))
            };
            return not_as_asked(show(asked.as_deref()), show(is));
        }
    }
    prove_profile(info, request, inputs)?;
    prove_experiments(info, request, toolchain)
}

/// Settings that a binary built as asked carries, or does not carry.
fn expected(request: &BuildRequest) -> Vec<(&'static str, Option<String>)> {
    let text = |text: &str| Some(text.to_owned());
    let mut settings = vec![
        ("-compiler", text("gc")),
        ("-trimpath", text("true")),
        ("-race", None),
        (
            "-tags",
            (!request.tags.is_empty()).then(|| request.tags.join(",")),
        ),
        ("CGO_ENABLED", text(if request.cgo { "1" } else { "0" })),
        ("GOOS", text("linux")),
    ];
    if goarch() == Some("amd64") {
        settings.push(("GOARCH", text("amd64")));
        settings.push(("GOAMD64", text(request.goamd64.name())));
    }
    settings
}

fn prove_profile(
    info: &BuildInfo,
    request: &BuildRequest,
    inputs: &Inputs,
) -> Result<(), BuildError> {
    let name = |path: &Path| path.file_name().map(|name| name.to_os_string());
    let agree = match (info.pgo(), &inputs.profile) {
        (buildinfo::Pgo::Off, None) => true,
        // With -trimpath some releases record the file's name only.
        (buildinfo::Pgo::Profile(is), Some(asked)) => name(Path::new(is)) == name(asked),
        _ => false,
    };
    if agree {
        return Ok(());
    }
    Err(BuildError::NotAsAsked {
        target: request.target.clone(),
        asked: inputs
            .profile
            .as_ref()
            .map_or("no profile".to_owned(), |path| path.display().to_string()),
        is: format!("{:?}", info.pgo()),
    })
}

/// Go records GOEXPERIMENT as it was given, and in the version what differs from the release's defaults (1.21.13,
/// 1.25.5 and 1.26.8 tried).
fn prove_experiments(
    info: &BuildInfo,
    request: &BuildRequest,
    toolchain: &Toolchain,
) -> Result<(), BuildError> {
    let asked = request.goexperiment.as_deref();
    let recorded = info.setting("GOEXPERIMENT");
    let names: Vec<_> = asked.unwrap_or_default().split(',').collect();
    let unasked = info.go_version.experiments().iter().find(|name| {
        !names.contains(&name.as_str()) && !toolchain.version.experiments().contains(name)
    });
    if recorded == asked && unasked.is_none() {
        return Ok(());
    }
    Err(BuildError::NotAsAsked {
        target: request.target.clone(),
        asked: format!("GOEXPERIMENT={}", asked.unwrap_or_default()),
        is: format!(
            "GOEXPERIMENT={} and version {}",
            recorded.unwrap_or_default(),
            info.go_version
        ),
    })
}
