//! A cell's settings.

use std::collections::BTreeMap;
use std::fmt;

use super::table::{Axis, DEFAULT};
use super::value::AxisValue;

/// A cell's value on every axis that its matrix names. An axis that is not named reads as its default.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Settings(BTreeMap<Axis, String>);

impl Settings {
    /// The value on an axis.
    pub fn get(&self, axis: &Axis) -> &str {
        self.0
            .get(axis)
            .map_or_else(|| axis.default_value(), String::as_str)
    }

    /// The value on an axis, or nothing where it is left at its default.
    pub fn set_value(&self, axis: &Axis) -> Option<&str> {
        self.0
            .get(axis)
            .map(String::as_str)
            .filter(|value| *value != DEFAULT && *value != axis.default_value())
    }

    /// The value on an axis as Go reads it, or nothing where it is left at its default or the record holds what no
    /// matrix may.
    pub fn value(&self, axis: &Axis) -> Option<AxisValue> {
        axis.parse_value(self.set_value(axis)?).ok().flatten()
    }

    /// Sets the value on an axis.
    pub fn insert(&mut self, axis: Axis, value: impl Into<String>) {
        self.0.insert(axis, value.into());
    }

    /// The named axes with their values, in the order shown.
    pub fn iter(&self) -> impl Iterator<Item = (&Axis, &str)> {
        self.0.iter().map(|(axis, value)| (axis, value.as_str()))
    }

    /// How many axes differ from what Go does by itself: the size of the change that a user would have to make and
    /// keep.
    pub fn non_default_count(&self) -> usize {
        self.iter()
            .filter(|(axis, value)| !axis.changes_nothing(value))
            .count()
    }

    /// A text by which settings are told apart in stored ids and seeds: it must not change.
    pub fn identity(&self) -> String {
        let parts = self.iter().map(|(axis, value)| format!("{axis}={value}"));
        parts.collect::<Vec<_>>().join(" ")
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
            write!(f, "{gap}{axis}={}", axis.shown_value(value))?;
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
    fn a_default_is_shown_by_its_own_word_and_stored_as_ever() {
        let mut settings = Settings::default();
        settings.insert(Axis::Gomemlimit, "default");
        settings.insert(Axis::Gogc, "default");
        settings.insert(Axis::Ref, "default");
        assert_eq!(
            settings.to_string(),
            "ref=worktree gogc=default gomemlimit=none"
        );
        assert_eq!(
            settings.identity(),
            "ref=default gogc=default gomemlimit=default"
        );
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
}
