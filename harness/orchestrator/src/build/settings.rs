//! The one place that applies axes of the build: a value becomes part of a [`BuildRequest`].

use std::path::{Path, PathBuf};

use gotrace::environment::goamd64;
use gotrace::profile::{Profile, ProfileKind};
use record::axis::{GO_LINE_FLAG, OF_CONTROL, OF_TOOLCHAIN};

use super::request::{BuildRequest, GoLine, Pgo};

/// Puts a setting of a cell into the request. `setting` is the variable or flag that the table of axes names; paths are
/// relative to `folder`.
///
/// # Errors
/// Why the value cannot be.
pub fn ask_for(
    request: &mut BuildRequest,
    setting: &str,
    value: &str,
    folder: &Path,
) -> Result<(), String> {
    match setting {
        "GOAMD64" => request.goamd64 = goamd64(value).map_err(|problem| problem.to_string())?,
        "GOEXPERIMENT" => request.goexperiment = Some(value.to_owned()),
        GO_LINE_FLAG if value == OF_TOOLCHAIN => request.go_line = Some(GoLine::Toolchain),
        GO_LINE_FLAG => request.go_line = Some(GoLine::Minor(value.to_owned())),
        "-tags" => request.tags = value.split(',').map(str::to_owned).collect(),
        "-ldflags=-randlayout" => request.ldflags = Some(format!("-randlayout={value}")),
        // The run takes it and puts its path here before it builds.
        "-pgo" if value == OF_CONTROL => {}
        "-pgo" if value == "auto" => request.pgo = Pgo::Auto,
        "-pgo" => request.pgo = Pgo::Profile(cpu_profile(&folder.join(value))?),
        other => return Err(format!("nothing applies the build setting {other}")),
    }
    Ok(())
}

/// The absolute path of a CPU profile with samples: Go builds with any other silently.
/// Go's own are of some hundred kilobytes.
const LARGEST_PROFILE_BYTES: u64 = 256 << 20;

/// The absolute path of a CPU profile with samples: Go builds with any other
/// silently.
fn cpu_profile(path: &Path) -> Result<PathBuf, String> {
    let failed = |reason: String| format!("the profile {}: {reason}", path.display());
    let path_there = path
        .canonicalize()
        .map_err(|error| failed(error.to_string()))?;
    let bytes = safefile::read_named(&path_there, LARGEST_PROFILE_BYTES)
        .map_err(|error| failed(error.to_string()))?;
    let profile = Profile::parse(&bytes).map_err(|error| failed(error.to_string()))?;
    if profile.kind() != ProfileKind::Cpu {
        return Err(failed("it is no CPU profile".to_owned()));
    }
    if profile.samples.is_empty() {
        return Err(failed("it holds no samples".to_owned()));
    }
    Ok(path_there)
}

#[cfg(test)]
mod tests {
    use record::axis::{Applied, Axis};

    use super::*;

    /// A value of an axis, put into a plain request.
    fn asked(axis: &Axis, value: &str) -> Result<BuildRequest, String> {
        let mut request = BuildRequest::new("service", "/module", ".");
        let (Applied::BuildVariable(setting) | Applied::BuildFlag(setting)) = axis.applied() else {
            panic!("{axis} is not of the build");
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        ask_for(&mut request, setting, value, folder)?;
        Ok(request)
    }

    #[test]
    fn every_axis_of_the_build_is_applied() {
        let plain = BuildRequest::new("service", "/module", ".");
        for axis in Axis::PLAIN.iter().filter(|axis| axis.is_build()) {
            // What to build, and by what, is no part of the request's settings.
            if matches!(axis.applied(), Applied::Toolchain | Applied::Source(_)) {
                continue;
            }
            let examples: Vec<serde_json::Value> = serde_json::from_str(axis.examples()).unwrap();
            let values = examples.iter().map(|example| match example {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            let mut applied = 0;
            for value in values {
                let Some(value) = axis.parse_value(&value).unwrap() else {
                    continue;
                };
                // A level may be the default of a request, a file may be missing.
                applied += usize::from(asked(axis, &value.to_string()) != Ok(plain.clone()));
            }
            assert!(applied > 0, "{axis} changes no build");
        }
    }

    #[test]
    fn tags_are_a_list() {
        let request = asked(&Axis::BuildTags, "netgo,osusergo").unwrap();
        assert_eq!(request.tags, ["netgo", "osusergo"]);
    }

    #[test]
    fn a_profile_must_be_one() {
        for (name, reason) in [("no-such.pb.gz", "No such file"), ("Cargo.toml", "profile")] {
            let error = asked(&Axis::Pgo, name).unwrap_err();
            assert!(error.contains(reason) && error.contains(name), "{error}");
        }
        assert_eq!(asked(&Axis::Pgo, "auto").unwrap().pgo, Pgo::Auto);
    }

    #[test]
    fn a_level_that_does_not_exist_is_refused() {
        assert!(asked(&Axis::Goamd64, "v5").unwrap_err().contains("v4"));
    }
}
