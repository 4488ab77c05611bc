//! The axes along which cells differ, and a cell's settings on them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The value that means "not set by gosweep".
pub const DEFAULT: &str = "default";

/// One dimension of a matrix. The order of the variants is the order in which
/// settings are shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axis {
    /// Which Go toolchain builds the target.
    Toolchain,
    /// GOAMD64 at build time.
    Goamd64,
    /// GOEXPERIMENT at build time.
    Goexperiment,
    /// GOMAXPROCS of the process.
    Gomaxprocs,
    /// GOGC of the process.
    Gogc,
    /// GOMEMLIMIT of the process.
    Gomemlimit,
    /// GODEBUG of the process, keys sorted; observation keys are ours.
    Godebug,
    /// Which CPUs target and generator run on.
    Placement,
    /// CPU time that the process gets in each period, as in a container.
    CpuQuota,
    /// Memory that the process may use, as in a container.
    MemoryCap,
    /// An option of the target, passed on its command line.
    Option(String),
    /// Any other environment variable of the process.
    Env(String),
}

impl Axis {
    /// The axes that need no further name, in the order shown.
    pub const PLAIN: [Axis; 10] = [
        Axis::Toolchain,
        Axis::Goamd64,
        Axis::Goexperiment,
        Axis::Gomaxprocs,
        Axis::Gogc,
        Axis::Gomemlimit,
        Axis::Godebug,
        Axis::Placement,
        Axis::CpuQuota,
        Axis::MemoryCap,
    ];

    /// What a cell has on this axis when its matrix says nothing.
    pub fn default_value(&self) -> &'static str {
        match self {
            Axis::Placement => "split",
            _ => DEFAULT,
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Axis::Toolchain => f.write_str("toolchain"),
            Axis::Goamd64 => f.write_str("goamd64"),
            Axis::Goexperiment => f.write_str("goexperiment"),
            Axis::Gomaxprocs => f.write_str("gomaxprocs"),
            Axis::Gogc => f.write_str("gogc"),
            Axis::Gomemlimit => f.write_str("gomemlimit"),
            Axis::Godebug => f.write_str("godebug"),
            Axis::Placement => f.write_str("placement"),
            Axis::CpuQuota => f.write_str("cpu_quota"),
            Axis::MemoryCap => f.write_str("memory_cap"),
            Axis::Option(name) => write!(f, "option.{name}"),
            Axis::Env(name) => write!(f, "env.{name}"),
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
        Axis::PLAIN
            .into_iter()
            .find(|axis| axis.to_string() == text)
            .ok_or_else(|| {
                let names = Axis::PLAIN.map(|axis| axis.to_string());
                match crate::diagnostic::closest(text, names.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known axes: {}, option.NAME, env.NAME", names.join(", ")),
                }
            })
    }
}

/// A cell's value on every axis that its matrix names. An axis that is not
/// named reads as its default.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Settings(BTreeMap<Axis, String>);

impl Settings {
    /// The value on an axis.
    pub fn get(&self, axis: &Axis) -> &str {
        self.0
            .get(axis)
            .map_or_else(|| axis.default_value(), String::as_str)
    }

    /// The value on an axis, or nothing where it is left at "default".
    pub fn set_value(&self, axis: &Axis) -> Option<&str> {
        self.0
            .get(axis)
            .map(String::as_str)
            .filter(|value| *value != DEFAULT)
    }

    /// Sets the value on an axis.
    pub fn insert(&mut self, axis: Axis, value: impl Into<String>) {
        self.0.insert(axis, value.into());
    }

    /// The named axes with their values, in the order shown.
    pub fn iter(&self) -> impl Iterator<Item = (&Axis, &str)> {
        self.0.iter().map(|(axis, value)| (axis, value.as_str()))
    }

    /// How many axes differ from what Go does by itself: the size of the change
    /// that a user would have to make and keep.
    pub fn non_default_count(&self) -> usize {
        self.iter()
            .filter(|(axis, value)| {
                let goes_without_saying = **axis == Axis::Gogc && *value == "100";
                *value != axis.default_value() && !goes_without_saying
            })
            .count()
    }

    /// As plain strings, for the record.
    pub fn to_names(&self) -> BTreeMap<String, String> {
        self.iter()
            .map(|(axis, value)| (axis.to_string(), value.to_owned()))
            .collect()
    }

    /// From the plain strings of a record.
    ///
    /// # Errors
    /// The first name that is no axis.
    pub fn from_names(names: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut settings = Settings::default();
        for (name, value) in names {
            settings.insert(name.parse()?, value.as_str());
        }
        Ok(settings)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (axis, value)) in self.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(f, "{gap}{axis}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        let mut settings = Settings::default();
        settings.insert(Axis::Gogc, "off");
        settings.insert(Axis::Env("GOTRACEBACK".into()), "all");
        settings.insert(Axis::Option("shards".into()), "4");
        let names = settings.to_names();
        assert_eq!(Settings::from_names(&names), Ok(settings.clone()));
        assert_eq!(
            settings.to_string(),
            "gogc=off option.shards=4 env.GOTRACEBACK=all"
        );
        assert_eq!(settings.get(&Axis::Placement), "split");
        assert_eq!(settings.set_value(&Axis::Gomaxprocs), None);
    }

    #[test]
    fn what_go_does_anyway_is_no_change() {
        let mut settings = Settings::default();
        settings.insert(Axis::Gogc, "100");
        settings.insert(Axis::Gomaxprocs, "default");
        settings.insert(Axis::Placement, "split");
        assert_eq!(settings.non_default_count(), 0);
        settings.insert(Axis::Gogc, "400");
        assert_eq!(settings.non_default_count(), 1);
    }

    #[test]
    fn a_misspelt_axis_gets_a_suggestion() {
        assert_eq!(
            "gomaxproc".parse::<Axis>(),
            Err("did you mean `gomaxprocs`?".into())
        );
    }
}
