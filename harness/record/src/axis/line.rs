//! The line that a person pastes to have a setting, or to be rid of it.

use super::table::{Applied, Axis, DEFAULT, OF_CONTROL};
use super::value::OF_TOOLCHAIN;
use crate::shell;

impl Axis {
    /// The line for a value; for the default the line that undoes the setting. What is no variable of the process says
    /// as a comment where it belongs.
    pub fn line(&self, value: &str) -> String {
        let unset = value == DEFAULT || value == self.default_value();
        match self.applied() {
            Applied::Variable(name) if unset => format!("unset {name}"),
            Applied::Variable(name) => format!("export {name}={}", shell::quoted(value)),
            Applied::Toolchain => format!("# build with Go {value}"),
            Applied::Source(_) if unset => "# the sources and the program as they were".to_owned(),
            Applied::Source("ref") => format!("# build from {value}"),
            Applied::Source(_) => format!("# start {value}"),
            Applied::BuildFlag(_) if unset && *self == Axis::GoLine => {
                "# in go.mod: the go line as it was".to_owned()
            }
            Applied::BuildVariable(what) | Applied::BuildFlag(what) if unset => {
                format!("# build without {what}")
            }
            Applied::BuildFlag(_) if *self == Axis::GoLine && value == OF_TOOLCHAIN => {
                "# in go.mod: the go line of the Go that builds".to_owned()
            }
            Applied::BuildFlag(_) if *self == Axis::GoLine => format!("# in go.mod: go {value}"),
            Applied::BuildFlag(_) if self.changes_by_block(value) => {
                format!("# {self}: {value}")
            }
            Applied::BuildFlag(flag) if *self == Axis::Pgo && value == OF_CONTROL => {
                format!("# build with {flag}=FILE, a CPU profile of the service as it runs now")
            }
            Applied::BuildVariable(what) | Applied::BuildFlag(what) => {
                format!("# build with {what}={value}")
            }
            Applied::Placement | Applied::Cgroup | Applied::TargetOption => {
                format!("# {self}: {value}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_can_be_made_and_undone() {
        let lines = |axis: &Axis, value: &str| (axis.line(value), axis.line(axis.default_value()));
        let own = |set: &str, undo: &str| (set.to_owned(), undo.to_owned());
        assert_eq!(
            lines(&Axis::Gogc, "400"),
            own("export GOGC=400", "unset GOGC")
        );
        let variable = Axis::Env("GREETING".into());
        assert_eq!(
            lines(&variable, "it's"),
            own(r"export GREETING='it'\''s'", "unset GREETING")
        );
        assert_eq!(
            lines(&Axis::Goamd64, "v3"),
            own("# build with GOAMD64=v3", "# build without GOAMD64")
        );
        assert_eq!(
            lines(&Axis::Pgo, "control"),
            own(
                "# build with -pgo=FILE, a CPU profile of the service as it runs now",
                "# build without -pgo"
            )
        );
        assert_eq!(
            lines(&Axis::Layout, "7"),
            own(
                "# build with -ldflags=-randlayout=7",
                "# build without -ldflags=-randlayout"
            )
        );
        assert_eq!(Axis::Layout.line("fresh"), "# layout: fresh");
        assert_eq!(
            lines(&Axis::MemoryCap, "64MiB"),
            own("# memory_cap: 64MiB", "# memory_cap: default")
        );
    }
}
