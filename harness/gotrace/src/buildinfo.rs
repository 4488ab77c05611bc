//! How a Go binary was built, from the output of `go version -m BIN`.
//!
//! Main type: [`BuildInfo`]. The text is the ground truth of a build: toolchain, module,
//! dependencies and the settings that change performance (`-pgo`, `GOAMD64`, `GOEXPERIMENT`,
//! `CGO_ENABLED`, `DefaultGODEBUG`, the last only where it differs from the toolchain's defaults).
//! Format: `runtime/debug.BuildInfo.String` and `cmd/go/internal/version`, unchanged 1.18 to 1.27.
//!
//! Of the binary itself only the Go version is read ([`embedded_version`]), for machines without a `go`.

use std::collections::BTreeMap;

use crate::error::shorten;
use crate::{Error, GoVersion};

/// Lines named that could not be read.
const MOST_PROBLEMS: usize = 20;

/// What `go version -m` says of one binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildInfo {
    /// The file as `go version` named it.
    pub file: String,
    /// The toolchain that built it.
    pub go_version: GoVersion,
    /// Import path of the main package; `None` for binaries without module information.
    pub path: Option<String>,
    /// The main module.
    pub module: Option<Module>,
    /// Dependencies in the order printed.
    pub deps: Vec<Module>,
    /// `build` lines, key to value: `-pgo`, `GOAMD64`, `CGO_ENABLED`, `DefaultGODEBUG`,
    /// `vcs.revision` and the rest. Build info omits keys at their default in some versions,
    /// so absence is not a value.
    pub settings: BTreeMap<String, String>,
}

/// One module of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Module path.
    pub path: String,
    /// Version; `(devel)` for a main module built from a work tree.
    pub version: String,
    /// `h1:` sum, absent for the main module and replaced ones.
    pub sum: Option<String>,
    /// What a `replace` directive put in its place.
    pub replaced_by: Option<Box<Module>>,
}

/// How a build used profile-guided optimisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pgo<'a> {
    /// No profile was used (`-pgo=off`, or nothing recorded: since Go 1.21 a used profile is).
    Off,
    /// The profile at this path was used.
    Profile(&'a str),
}

impl BuildInfo {
    /// Reads the output for one binary; further binaries in the same text are refused.
    ///
    /// # Errors
    /// [`Error::BuildInfo`] with the line at fault.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut found = Self::parse_all(text)?;
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(Error::BuildInfo {
                line: 1,
                why: "empty; expected \"FILE: go1.27.3\" and tab-indented lines".to_owned(),
            }),
            many => Err(Error::BuildInfo {
                line: 1,
                why: format!("describes {many} binaries where one was expected"),
            }),
        }
    }

    /// Reads the output for any number of binaries.
    ///
    /// # Errors
    /// [`Error::BuildInfo`] with the line at fault.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, Error> {
        let mut found: Vec<Self> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let fail = |why: String| Error::BuildInfo {
                line: index + 1,
                why,
            };
            if line.trim().is_empty() {
                continue;
            }
            match line.strip_prefix('\t') {
                None => found.push(header(line).map_err(fail)?),
                Some(fields) => found
                    .last_mut()
                    .ok_or_else(|| {
                        fail("an indented line before any \"FILE: version\" line".to_owned())
                    })?
                    .add(fields)
                    .map_err(fail)?,
            }
        }
        Ok(found)
    }

    /// Reads what can be read of the output for any number of files, and says which lines could not be: files that are
    /// no Go binary stand between the others, and plain `go version` prints one line of another form.
    #[must_use]
    pub fn parse_readable(text: &str) -> (Vec<Self>, Vec<String>) {
        let mut found: Vec<Self> = Vec::new();
        let mut problems: Vec<String> = Vec::new();
        let mut open = false;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let read = match line.strip_prefix('\t') {
                Some(fields) => match found.last_mut().filter(|_| open) {
                    Some(last) => last.add(fields),
                    // The lines of a file whose first line could not be read.
                    None => continue,
                },
                None => {
                    let own = own_version(line).map_or_else(|| header(line), Ok);
                    open = own.is_ok();
                    own.map(|own| found.push(own))
                }
            };
            if let Err(why) = read
                && problems.len() < MOST_PROBLEMS
            {
                let told = line.contains("could not read Go build info");
                problems.push(if told {
                    shorten(line)
                } else {
                    format!("{}: {why}", shorten(line))
                });
            }
        }
        (found, problems)
    }

    /// A build setting, e.g. `setting("GOAMD64")`.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str)
    }

    /// Whether and from where a profile was used. `-pgo=auto` never appears: the go command
    /// records the path that it resolved to.
    #[must_use]
    pub fn pgo(&self) -> Pgo<'_> {
        match self.setting("-pgo") {
            None | Some("off" | "") => Pgo::Off,
            Some(path) => Pgo::Profile(path),
        }
    }

    /// `DefaultGODEBUG` split into pairs, in order; empty if not recorded.
    #[must_use]
    pub fn default_godebug(&self) -> Vec<(&str, &str)> {
        self.setting("DefaultGODEBUG")
            .unwrap_or_default()
            .split(',')
            .filter_map(|pair| pair.split_once('='))
            .collect()
    }

    /// `CGO_ENABLED`, if recorded.
    #[must_use]
    pub fn cgo_enabled(&self) -> Option<bool> {
        self.setting("CGO_ENABLED").map(|value| value == "1")
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let mut fields = line.split('\t');
        let kind = fields.next().unwrap_or_default();
        match kind {
            "path" => self.path = fields.next().map(str::to_owned),
            "mod" => self.module = Some(module(fields)?),
            "dep" => self.deps.push(module(fields)?),
            "=>" => {
                let replacement = Box::new(module(fields)?);
                let replaced = self
                    .deps
                    .last_mut()
                    .or(self.module.as_mut())
                    .ok_or("a replacement (=>) before any module")?;
                replaced.replaced_by = Some(replacement);
            }
            "build" => {
                let setting = fields.next().ok_or("a build line without a setting")?;
                let (key, value) = split_setting(setting)?;
                self.settings.insert(key, value);
            }
            // Later toolchains may add kinds; none of them can change those read here.
            _ => {}
        }
        Ok(())
    }
}

/// `go version go1.26.1 linux/amd64`, what `go version` says of itself.
fn own_version(line: &str) -> Option<BuildInfo> {
    let rest = line.strip_prefix("go version ")?;
    let (version, platform) = rest.rsplit_once(' ')?;
    let (system, architecture) = platform.split_once('/')?;
    let settings = [("GOOS", system), ("GOARCH", architecture)];
    Some(BuildInfo {
        file: "go".to_owned(),
        go_version: GoVersion::parse(version).ok()?,
        path: None,
        module: None,
        deps: Vec::new(),
        settings: settings
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    })
}

fn header(line: &str) -> Result<BuildInfo, String> {
    // The path may hold ": " itself, the version never does.
    let (file, version) = line
        .rsplit_once(": ")
        .ok_or("expected \"FILE: go1.27.3\"")?;
    Ok(BuildInfo {
        file: file.to_owned(),
        go_version: GoVersion::parse(version).map_err(|error| error.to_string())?,
        path: None,
        module: None,
        deps: Vec::new(),
        settings: BTreeMap::new(),
    })
}

fn module<'a>(mut fields: impl Iterator<Item = &'a str>) -> Result<Module, String> {
    let path = fields
        .next()
        .filter(|path| !path.is_empty())
        .ok_or("a module line without a path")?;
    Ok(Module {
        path: path.to_owned(),
        version: fields.next().unwrap_or_default().to_owned(),
        sum: fields
            .next()
            .filter(|sum| !sum.is_empty())
            .map(str::to_owned),
        replaced_by: None,
    })
}

/// `key=value`, either side in Go quotes if it holds spaces, quotes or `=`
/// (`runtime/debug.quoteKey`, `quoteValue`).
fn split_setting(text: &str) -> Result<(String, String), String> {
    let (key, rest) = if text.starts_with(['"', '`']) {
        unquote(text)?
    } else {
        let at = text.find('=').ok_or("a build setting without \"=\"")?;
        (text[..at].to_owned(), &text[at..])
    };
    let value = rest
        .strip_prefix('=')
        .ok_or("a build setting without \"=\"")?;
    if value.starts_with(['"', '`']) {
        let (value, _) = unquote(value)?;
        return Ok((key, value));
    }
    Ok((key, value.to_owned()))
}

fn unquote(text: &str) -> Result<(String, &str), String> {
    let mut characters = text.char_indices();
    let quote = characters.next().map(|(_, quote)| quote);
    let mut value = String::new();
    while let Some((at, character)) = characters.next() {
        if Some(character) == quote {
            return Ok((value, &text[at + character.len_utf8()..]));
        }
        if character == '\\' && quote == Some('"') {
            let Some((_, escaped)) = characters.next() else {
                break;
            };
            value.push(match escaped {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            });
        } else {
            value.push(character);
        }
    }
    Err("a quoted build setting without its closing quote".to_owned())
}

/// What the linker puts before the build information (debug/buildinfo, `buildInfoMagic`).
const MAGIC: &[u8] = b"\xff Go buildinf:";
/// The length of its header, and what it is aligned to.
const HEADER_BYTES: usize = 32;
const ALIGNMENT: usize = 16;
/// The flag that says that the strings follow the header, as since Go 1.18.
const INLINE: u8 = 2;

/// The Go version that a binary of Go 1.18 or newer holds; `None` for any other file. `binary` is the whole file.
#[must_use]
pub fn embedded_version(binary: &[u8]) -> Option<GoVersion> {
    let mut at = 0;
    while at + HEADER_BYTES < binary.len() {
        let found = binary[at..]
            .windows(MAGIC.len())
            .position(|part| part == MAGIC)?;
        at += found;
        // The magic of a program that looks for it is text, and stands anywhere.
        if at.is_multiple_of(ALIGNMENT)
            && let Some(version) = version_at(&binary[at..])
        {
            return Some(version);
        }
        at += 1;
    }
    None
}

/// The version behind a header: its length as a varint of at most two bytes, then its text.
fn version_at(header: &[u8]) -> Option<GoVersion> {
    if header.get(15)? & INLINE == 0 {
        return None;
    }
    let rest = header.get(HEADER_BYTES..)?;
    let (length, rest) = match rest {
        [low, rest @ ..] if *low < 0x80 => (usize::from(*low), rest),
        [low, high, rest @ ..] if *high < 0x80 => {
            (usize::from(low & 0x7f) | usize::from(*high) << 7, rest)
        }
        _ => return None,
    };
    let text = std::str::from_utf8(rest.get(..length)?).ok()?;
    GoVersion::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "out/server: go1.26.6-X:nogreenteagc\n\
        \tpath\texample.com/server\n\
        \tmod\texample.com/server\t(devel)\t\n\
        \tdep\tgolang.org/x/net\tv0.33.0\th1:74SYHlV8BIgHIFC/LrYkOGIwL19eTYXQ5wc6TBuO36I=\n\
        \t=>\t./net\t(devel)\t\n\
        \tbuild\t-buildmode=exe\n\
        \tbuild\t-ldflags=\"-s -w -X \\\"main.a=b\\\"\"\n\
        \tbuild\t-pgo=/src/default.pgo\n\
        \tbuild\tDefaultGODEBUG=asynctimerchan=1,httpmuxgo121=1\n\
        \tbuild\tCGO_ENABLED=0\n\
        \tbuild\tGOAMD64=v3\n\
        \tbuild\tvcs.modified=false\n";

    #[test]
    fn reads_a_build() {
        let info = BuildInfo::parse(SAMPLE).expect("sample parses");
        assert_eq!(info.file, "out/server");
        assert_eq!(info.go_version.experiments(), ["nogreenteagc"]);
        assert_eq!(info.path.as_deref(), Some("example.com/server"));
        assert_eq!(info.deps.len(), 1);
        assert_eq!(
            info.deps[0].replaced_by.as_ref().map(|m| m.path.as_str()),
            Some("./net")
        );
        assert_eq!(info.setting("GOAMD64"), Some("v3"));
        assert_eq!(info.setting("-ldflags"), Some("-s -w -X \"main.a=b\""));
        assert_eq!(info.pgo(), Pgo::Profile("/src/default.pgo"));
        assert_eq!(info.cgo_enabled(), Some(false));
        assert_eq!(
            info.default_godebug(),
            [("asynctimerchan", "1"), ("httpmuxgo121", "1")]
        );
    }

    #[test]
    fn names_the_line_at_fault() {
        let error =
            BuildInfo::parse("a: go1.27.3\n\tpath\tx\n\tbuild\tnonsense\n").expect_err("no = sign");
        assert_eq!(
            error.to_string(),
            "go version -m output, line 3: a build setting without \"=\""
        );
        assert!(BuildInfo::parse("\tpath\tx\n").is_err());
        assert!(BuildInfo::parse("").is_err());
        assert!(BuildInfo::parse("a: go1.27.3\nb: go1.27.3\n").is_err());
        assert!(BuildInfo::parse("a: not a go binary\n").is_err());
    }

    #[test]
    fn a_file_name_may_hold_the_separator() {
        let info = BuildInfo::parse("odd: name: go1.21.13\n").expect("parses");
        assert_eq!(info.file, "odd: name");
    }

    #[test]
    fn a_binary_says_its_version_itself() {
        let header = |flags: u8, text: &[u8]| {
            let mut bytes = MAGIC.to_vec();
            bytes.extend([8, flags]);
            bytes.resize(HEADER_BYTES, 0);
            bytes.push(u8::try_from(text.len()).unwrap());
            bytes.extend(text);
            bytes
        };
        let inline = header(INLINE, b"go1.22.4");
        let mut binary = vec![0; 48];
        binary.extend(&inline);
        assert_eq!(embedded_version(&binary), Some(GoVersion::release(22, 4)));
        // Text that is no header comes first.
        let mut with_text = b"xyz".to_vec();
        with_text.extend(MAGIC);
        with_text.resize(64, 7);
        with_text.extend(&inline);
        assert_eq!(
            embedded_version(&with_text),
            Some(GoVersion::release(22, 4))
        );
        for other in [
            header(0, b"go1.22.4"),
            header(INLINE, b"nonsense"),
            inline[..34].to_vec(),
        ] {
            assert_eq!(embedded_version(&other), None);
        }
        assert_eq!(embedded_version(b""), None);
    }
}
