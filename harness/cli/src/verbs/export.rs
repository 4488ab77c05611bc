//! `gosweep export`: the recommendation of a run as files to put in place.

use std::path::{Path, PathBuf};

use advisor::AdviseOptions;
use advisor::export::{ExportRequest, NotExported, export as make};
use clap::{Args as ClapArgs, ValueEnum};
use documents::advice::TargetAdvice;
use documents::export::Export;
use gotrace::GoVersion;
use record::quantity::parse_bytes;
use report::{
    Compose, Dockerfile, ExportFile, ExportFormat, Gate, Godebug, Helm, HelmShape, Kubernetes,
    Kustomize, Nomad, Script, Systemd,
};
use serde::Serialize;

use super::{advise, run_folder};
use crate::exit::{Ending, Failure};
use crate::output::{self, tell};

/// `gosweep export`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Each file says above its lines what was measured, where that stops being valid and how
to take it back; --undo makes what takes it back. An export that would not do what was
measured is refused with the reason: GOGC=off without a limit, GOMEMLIMIT at or above
the container's, GOMAXPROCS over its quota, a limit that the live heap leaves no room in,
another Go version, a key that //go:debug does not take.

  gosweep export results/r --as env                       variables for a shell
  gosweep export results/r --as k8s --name web --container app --limit 512MiB --cpus 2
  gosweep export results/r --as kustomize --name web --out deploy/gosweep
  gosweep export results/r --as helm --key-path app.extraEnv
  gosweep export results/r --as gate > gosweep-gate.yaml

GOMEMLIMIT follows the container: give --limit, or use --as env, which computes it when
the service starts where the run had a memory cap.

Exit codes: 0 exported, 2 refused, nothing recommended, or invalid input,
70 internal error")]
pub(crate) struct ExportArgs {
    /// The run's folder
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: PathBuf,
    /// What to write
    #[arg(long = "as", value_enum, value_name = "FORMAT")]
    pub(crate) format: ExportAs,
    /// The memory limit of the container, unit or task, e.g. 512MiB (as Kubernetes writes it too: 512Mi)
    #[arg(long, value_name = "SIZE", value_parser = limit)]
    pub(crate) limit: Option<u64>,
    /// Its CPU quota, in CPUs, e.g. 2 or 0.5 (or 500m)
    #[arg(long, value_name = "CPUS", value_parser = cpus)]
    pub(crate) cpus: Option<f64>,
    /// The Go that builds the service, e.g. 1.26 [default: the one that was measured]
    #[arg(long, value_name = "VERSION", value_parser = go_version)]
    pub(crate) go: Option<GoVersion>,
    /// The deployment, unit or service [default: the target's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The container [default: as --name]
    #[arg(long, value_name = "NAME")]
    pub(crate) container: Option<String>,
    /// The kind of workload
    #[arg(long, value_enum, value_name = "KIND", default_value = "deployment")]
    pub(crate) kind: WorkloadKind,
    /// The key of a Helm chart that takes variables, e.g. env, extraEnv, app.extraEnv
    #[arg(long, value_name = "PATH", default_value = "env", value_parser = key_path)]
    pub(crate) key_path: KeyPath,
    /// How it takes them [default: a map at env, else a list]
    #[arg(long, value_enum, value_name = "SHAPE")]
    pub(crate) shape: Option<Shape>,
    /// The target, where the run has several
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Option<String>,
    /// Take the recommendation back: the control's settings
    #[arg(long)]
    pub(crate) undo: bool,
    /// Export a gain beside which a loss is still open, too
    #[arg(long)]
    pub(crate) accept_open: bool,
    /// The folder to write to, or a file [default: standard output]
    #[arg(short = 'o', long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
    /// Print what is exported as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Write into the run's folder even if another user or another machine made it
    #[arg(long)]
    pub(crate) trust: bool,
}

/// The formats of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportAs {
    /// A POSIX shell file, to be sourced by an entrypoint
    Env,
    /// A drop-in of a systemd unit
    Systemd,
    /// ENV lines of a Dockerfile
    Dockerfile,
    /// A strategic merge patch for Kubernetes
    K8s,
    /// A folder with kustomization.yaml
    Kustomize,
    /// Values for a Helm chart
    Helm,
    /// An override file for docker compose
    Compose,
    /// Blocks for a task of Nomad
    Nomad,
    /// A Go file with //go:debug lines
    Godebug,
    /// Rules for `gosweep gate` that hold what was promised
    Gate,
}

/// Workloads of Kubernetes that keep containers running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WorkloadKind {
    /// Deployment
    Deployment,
    /// StatefulSet
    Statefulset,
    /// DaemonSet
    Daemonset,
}

/// How a chart takes variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// NAME: "value"
    Map,
    /// A list of name and value
    List,
}

/// The parts of a key.
#[derive(Debug, Clone)]
pub(crate) struct KeyPath(Vec<String>);

fn key_path(text: &str) -> Result<KeyPath, String> {
    let parts: Vec<String> = text.split('.').map(str::to_owned).collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let good = parts
        .iter()
        .all(|part| !part.is_empty() && part.chars().all(plain));
    match good {
        true => Ok(KeyPath(parts)),
        false => Err("write keys with dots between them, e.g. `app.extraEnv`".to_owned()),
    }
}

/// Bytes as Go writes them, or as Kubernetes does.
fn limit(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let short = ["Ki", "Mi", "Gi", "Ti"]
        .iter()
        .any(|unit| text.ends_with(unit));
    let bytes = match short {
        true => parse_bytes(&format!("{text}B"))?,
        false => parse_bytes(text)?,
    };
    match bytes {
        0 => Err("a limit of nothing: write e.g. `512MiB`".to_owned()),
        bytes => Ok(bytes),
    }
}

fn cpus(text: &str) -> Result<f64, String> {
    let number = match text.trim().strip_suffix('m') {
        Some(thousandths) => thousandths.parse::<f64>().map(|own| own / 1000.0),
        None => text.trim().parse::<f64>(),
    };
    match number {
        Ok(number) if number.is_finite() && number > 0.0 && number <= 100_000.0 => Ok(number),
        _ => Err("write CPUs, e.g. `2`, `0.5` or `500m`".to_owned()),
    }
}

fn go_version(text: &str) -> Result<GoVersion, String> {
    let text = text.trim();
    let named = match text.starts_with("go") {
        true => text.to_owned(),
        false => format!("go{text}"),
    };
    GoVersion::parse(&named).map_err(|error| format!("{error}; write e.g. `1.26` or `1.26.1`"))
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Exported<'a> {
    #[serde(flatten)]
    export: &'a Export,
    files: Vec<File<'a>>,
}

#[derive(Debug, Serialize)]
struct File<'a> {
    name: &'a str,
    text: &'a str,
}

/// Exports the recommendation of a run.
pub(crate) fn export(args: &ExportArgs) -> Result<Ending, Failure> {
    if let Some(out) = &args.out {
        run_folder::check_destination(&args.run, out, args.trust)?;
    }
    let advice = advise::advice_of(&args.run, &AdviseOptions::default())?;
    let target = the_target(&advice.targets, args.target.as_deref())?;
    let format = format(args, &target.target);
    let request = ExportRequest {
        carrier: format.carrier(),
        memory_bytes: args.limit,
        cpus: args.cpus,
        go: args.go.clone(),
        undo: args.undo,
        accept_open: args.accept_open,
        tool: output::TOOL.to_owned(),
    };
    let export = make(&advice.run, target, &request).map_err(|error| refused(&error))?;
    let files = format.files(&export).map_err(Failure::usage)?;
    for line in &export.elsewhere {
        tell!("not in this export, and part of what was measured: {line}");
    }
    for line in &export.cautions {
        tell!("caution: {line}");
    }
    let names = match &args.out {
        Some(out) => write(out, &files)?,
        None => Vec::new(),
    };
    if args.json {
        let files = files.iter().map(|own| File {
            name: &own.name,
            text: &own.text,
        });
        output::print_json(&Exported {
            export: &export,
            files: files.collect(),
        })?;
    } else if args.out.is_some() {
        output::print(
            &names
                .iter()
                .map(|own| format!("{}\n", own.display()))
                .collect::<String>(),
        )?;
    } else {
        output::print(&together(&files))?;
    }
    Ok(Ending::Pass)
}

fn refused(error: &NotExported) -> Failure {
    Failure::usage(error)
}

/// The target asked for; the only one with a recommendation where none was.
fn the_target<'a>(
    targets: &'a [TargetAdvice],
    asked: Option<&str>,
) -> Result<&'a TargetAdvice, Failure> {
    let names = || {
        let names: Vec<&str> = targets.iter().map(|own| own.target.as_str()).collect();
        names.join(", ")
    };
    if let Some(asked) = asked {
        let found = targets.iter().find(|own| own.target == asked);
        return found.ok_or_else(|| {
            Failure::usage(format!(
                "no target `{asked}` in this run; it has: {}",
                names()
            ))
        });
    }
    let mut recommended = targets.iter().filter(|own| own.setting.change.is_some());
    match (recommended.next(), recommended.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(Failure::usage(format!(
            "several targets have a recommendation: name one with --target, of {}",
            names()
        ))),
        (None, _) => targets
            .first()
            .ok_or_else(|| Failure::usage("this run has no target")),
    }
}

fn format(args: &ExportArgs, target: &str) -> Box<dyn ExportFormat> {
    let name = args.name.clone().unwrap_or_else(|| target.to_owned());
    let workload = || Kubernetes {
        kind: match args.kind {
            WorkloadKind::Deployment => "Deployment",
            WorkloadKind::Statefulset => "StatefulSet",
            WorkloadKind::Daemonset => "DaemonSet",
        },
        name: name.clone(),
        container: args.container.clone().unwrap_or_else(|| name.clone()),
    };
    match args.format {
        ExportAs::Env => Box::new(Script),
        ExportAs::Systemd => Box::new(Systemd { unit: name }),
        ExportAs::Dockerfile => Box::new(Dockerfile),
        ExportAs::K8s => Box::new(workload()),
        ExportAs::Kustomize => Box::new(Kustomize(workload())),
        ExportAs::Helm => Box::new(Helm {
            shape: helm_shape(args),
            key_path: args.key_path.0.clone(),
        }),
        ExportAs::Compose => Box::new(Compose { service: name }),
        ExportAs::Nomad => Box::new(Nomad),
        ExportAs::Godebug => Box::new(Godebug),
        ExportAs::Gate => Box::new(Gate),
    }
}

fn helm_shape(args: &ExportArgs) -> HelmShape {
    match args.shape {
        Some(Shape::Map) => HelmShape::Map,
        Some(Shape::List) => HelmShape::List,
        None if args.key_path.0.last().is_some_and(|key| key == "env") => HelmShape::Map,
        None => HelmShape::List,
    }
}

/// Writes one file to a path, or several into a folder. A path that is a folder, or ends as one, gets them by their
/// names.
fn write(out: &Path, files: &[ExportFile]) -> Result<Vec<PathBuf>, Failure> {
    let ends_as_folder = out.to_string_lossy().ends_with('/');
    if let ([only], false) = (files, out.is_dir() || ends_as_folder) {
        output::replace_file(out, only.text.as_bytes())?;
        return Ok(vec![out.to_owned()]);
    }
    let mut names = Vec::new();
    for own in files {
        let path = out.join(&own.name);
        output::replace_file(&path, own.text.as_bytes())?;
        names.push(path);
    }
    Ok(names)
}

/// All files as one text; where there are several, each below its name.
fn together(files: &[ExportFile]) -> String {
    if let [only] = files {
        return only.text.clone();
    }
    let texts = files
        .iter()
        .map(|own| format!("# ==> {}\n{}", own.name, own.text));
    texts.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_go_and_as_kubernetes_write_them() {
        assert_eq!(limit("512MiB"), Ok(512 << 20));
        assert_eq!(limit("512Mi"), Ok(512 << 20));
        assert!(limit("512MB").is_err());
        assert!(limit("0").is_err());
        assert_eq!(cpus("500m"), Ok(0.5));
        assert!(cpus("0").is_err() && cpus("-1").is_err() && cpus("inf").is_err());
        assert!(key_path("app..env").is_err());
        assert_eq!(go_version("1.26").unwrap().minor(), 26);
    }
}
