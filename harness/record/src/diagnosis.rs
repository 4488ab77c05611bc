//! The diagnosis: one extra trial of a cell with everything on that explains it and that would disturb a measurement.
//! `diagnosis/<cell>/diagnosis.json`, with its evidence alongside it.
//!
//! Deliberately absent: any figure to rank by. Profiling, scheddetail and an execution trace cost time, so what a
//! diagnosis measures is never compared.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use safefile::{Refused, refusal};
use serde::{Deserialize, Serialize};

use crate::cell::CellId;
use crate::store::{RunDir, StoreError, decode, io_error, named, readable_again};
use crate::trial::{Failure, Phase, Readback};
use crate::word::open_words;

/// The version of the diagnosis's format.
pub const DIAGNOSIS_FORMAT: u32 = 1;

/// One diagnosis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The version of this format.
    pub format: u32,
    /// The cell.
    pub cell: CellId,
    /// Its target.
    pub target: String,
    /// Why this cell: `control`, `winner`, or as it was asked for.
    pub chosen: Vec<String>,
    /// Wall clock at the start, RFC 3339, UTC.
    pub started: String,
    /// How the target failed, if it did; there may be evidence all the same.
    pub failure: Option<Failure>,
    /// The load while profiles were taken. Its window is longer than the profiled one: it includes the execution trace.
    pub load: Option<Phase>,
    /// Length of the profiled window, seconds.
    pub profiled_seconds: f64,
    /// What was taken.
    pub profiles: Vec<ProfileFile>,
    /// What could not be taken, and why.
    pub missing: Vec<Missing>,
    /// What the process and /proc say of the settings.
    pub readback: Option<Readback>,
}

open_words! {
    /// What a diagnosis takes. A newer gosweep may take more, which readers pass over.
    pub enum EvidenceKind {
        /// CPU time.
        Cpu = "cpu",
        /// Waits by those who held the mutex.
        Mutex = "mutex",
        /// Waits by those who waited.
        Block = "block",
        /// Goroutines.
        Goroutine = "goroutine",
        /// Goroutines that nothing can wake.
        GoroutineLeak = "goroutineleak",
        /// Live heap.
        Heap = "heap",
        /// Everything allocated.
        Allocs = "allocs",
        /// The execution trace.
        Trace = "trace",
        /// Of the trace, waits for the network.
        TraceNet = "trace-net",
        /// Of the trace, waits for synchronisation.
        TraceSync = "trace-sync",
        /// Of the trace, system calls.
        TraceSyscall = "trace-syscall",
        /// Of the trace, waits for a P.
        TraceSched = "trace-sched",
        /// runtime/metrics.
        Metrics = "metrics",
    }
}

/// A profile on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileFile {
    /// What it is a profile of.
    pub kind: EvidenceKind,
    /// The file, relative to the diagnosis's folder.
    pub file: String,
    /// For profiles that count since the process started: the same at the begin of the window, to be taken off.
    pub before: Option<String>,
}

/// Evidence that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Missing {
    /// What is missing.
    pub kind: EvidenceKind,
    /// Why, for a person, with the fix where there is one.
    pub reason: String,
}

impl RunDir {
    /// The folder that holds the diagnoses, one folder a cell.
    pub fn diagnoses(&self) -> PathBuf {
        self.path().join(FOLDER)
    }

    /// Every diagnosis with its folder, by cell id. Folders without a `diagnosis.json` are of a diagnosis that was
    /// killed, and passed over.
    ///
    /// # Errors
    /// Not readable, of a newer format, or a link or a name that leaves the
    /// folder.
    pub fn read_diagnoses(&self) -> Result<Vec<(PathBuf, Diagnosis)>, StoreError> {
        let path = self.diagnoses();
        let folder = match self.folder()?.folder(FOLDER) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(io_error("read", &path))?,
        };
        let mut found = Vec::new();
        for name in folder.names().map_err(io_error("read", &path))? {
            let place = path.join(&name);
            let own = match folder.folder(&name) {
                Err(error) if is_stray(&error) => continue,
                other => other.map_err(io_error("read", &place))?,
            };
            let file = place.join(FILE);
            match own.read_text(FILE, LARGEST_BYTES) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                text => {
                    let text = text.map_err(io_error("read", &file))?;
                    found.push((place, of_text(&file, &text)?));
                }
            }
        }
        Ok(found)
    }

    /// A file of a diagnosis that [`RunDir::read_diagnoses`] found in `place`;
    /// `None` where it is gone.
    ///
    /// # Errors
    /// As [`RunDir::evidence`].
    pub fn diagnosis_file(
        &self,
        place: &Path,
        name: &str,
        most: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let own = place.file_name().unwrap_or_default().to_string_lossy();
        self.evidence(&format!("{FOLDER}/{own}/{name}"), most)
    }

    /// Puts a finished diagnosis in its cell's place, with the evidence that was gathered in `gathered` (a folder below
    /// [`RunDir::diagnoses`]). One of an earlier call is replaced.
    ///
    /// # Errors
    /// The file system's.
    pub fn keep_diagnosis(
        &self,
        gathered: &Path,
        diagnosis: &Diagnosis,
    ) -> Result<PathBuf, StoreError> {
        let file = gathered.join(FILE);
        let mut json = serde_json::to_vec_pretty(diagnosis).expect("a diagnosis is plain data");
        readable_again::<Diagnosis>(&file, "the diagnosis", &json)?;
        json.push(b'\n');
        let own = gathered.file_name().unwrap_or_default().to_string_lossy();
        let gathered = format!("{FOLDER}/{own}");
        self.folder()?
            .replace(&format!("{gathered}/{FILE}"), &json, MODE)
            .map_err(io_error("write", &file))?;
        let place = format!("{FOLDER}/{}", diagnosis.cell);
        self.put_in_place(&gathered, &place)?;
        Ok(self.path().join(place))
    }
}

/// The folder of the diagnoses, in a run's folder.
const FOLDER: &str = "diagnosis";
/// The diagnosis itself, within its cell's folder.
const FILE: &str = "diagnosis.json";
/// Others may read it.
const MODE: u32 = 0o644;
/// One takes some kilobytes.
const LARGEST_BYTES: u64 = 64 << 20;

/// A file alongside the folders, or a name that is none of ours, is nobody's diagnosis.
fn is_stray(error: &std::io::Error) -> bool {
    matches!(
        refusal(error),
        Some(Refused::NoFolder(_) | Refused::Name(_))
    )
}

fn of_text(path: &Path, text: &str) -> Result<Diagnosis, StoreError> {
    let diagnosis: Diagnosis = decode(path, 1, "diagnosis", DIAGNOSIS_FORMAT, text)?;
    let files = diagnosis.profiles.iter();
    let names = files.flat_map(|own| [Some(&own.file), own.before.as_ref()]);
    for name in names.flatten().map(String::as_str) {
        named(path, 1, "diagnosis", name)?;
    }
    named(path, 1, "diagnosis", diagnosis.cell.as_str())?;
    Ok(diagnosis)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn diagnosis(chosen: &str) -> Diagnosis {
        Diagnosis {
            format: DIAGNOSIS_FORMAT,
            cell: CellId::of(["a cell"]),
            target: "mutex".into(),
            chosen: vec![chosen.into()],
            started: "2026-01-01T00:00:00Z".into(),
            failure: None,
            load: None,
            profiled_seconds: 5.0,
            profiles: vec![ProfileFile {
                kind: "mutex".into(),
                file: "profiles/mutex.pb.gz".into(),
                before: Some("profiles/mutex-before.pb.gz".into()),
            }],
            missing: Vec::new(),
            readback: None,
        }
    }

    #[test]
    fn the_newest_diagnosis_of_a_cell_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::create(folder.path()).unwrap();
        assert_eq!(dir.read_diagnoses().unwrap(), []);
        for chosen in ["control", "winner"] {
            let gathered = dir.diagnoses().join("unfinished-x");
            fs::create_dir_all(gathered.join("profiles")).unwrap();
            fs::write(gathered.join("profiles").join(chosen), "evidence").unwrap();
            dir.keep_diagnosis(&gathered, &diagnosis(chosen)).unwrap();
        }
        // What a killed diagnosis leaves has no diagnosis.json yet.
        fs::create_dir_all(dir.diagnoses().join("unfinished-y")).unwrap();
        let found = dir.read_diagnoses().unwrap();
        let [(place, found)] = found.as_slice() else {
            panic!("one is kept: {found:?}");
        };
        assert_eq!(*found, diagnosis("winner"));
        assert!(place.join("profiles/winner").is_file());
        assert!(!place.join("profiles/control").exists());
    }

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::create(folder.path()).unwrap();
        let place = dir.diagnoses().join("0123456789ab");
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join(FILE), "{\"format\": 99}").unwrap();
        let error = dir.read_diagnoses().unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, .. }));
    }
}
