//! What process, kernel and binary show of a cell's settings, in the axes' own values.

use std::collections::BTreeMap;

use super::value::{self, AxisValue};
use crate::trial::Readback;

/// GOGC=off as `/gc/gogc:percent` reports it (runtime/metrics).
const GOGC_OFF: u64 = u64::MAX;

/// Where values are read from.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The process and the kernel.
    pub readback: &'a Readback,
    /// The build settings that `go version -m` shows of the binary, by name;
    /// `None` where they are not known.
    pub build: Option<&'a BTreeMap<String, String>>,
}

impl Shown<'_> {
    /// A build setting; its absence is Go's default.
    pub(super) fn build_setting(&self, name: &str) -> Option<ShownValue> {
        let value = self.build?.get(name)?;
        Some(AxisValue::Text(value.clone()).into())
    }
}

/// A value that was read back; `None` for one that is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownValue(pub(super) Option<AxisValue>);

impl From<AxisValue> for ShownValue {
    fn from(value: AxisValue) -> Self {
        ShownValue(Some(value))
    }
}

pub(super) fn gogc(percent: u64) -> ShownValue {
    if percent == GOGC_OFF {
        return AxisValue::CollectorOff.into();
    }
    match u32::try_from(percent) {
        Ok(percent) => AxisValue::Percent(percent).into(),
        Err(_) => AxisValue::Text(percent.to_string()).into(),
    }
}

/// Without our observation keys nothing may be left.
pub(super) fn godebug(pairs: &str) -> ShownValue {
    if pairs.is_empty() {
        return ShownValue(None);
    }
    value::pairs(pairs)
        .unwrap_or_else(|_| AxisValue::Text(pairs.to_owned()))
        .into()
}

pub(super) fn quota(text: &str) -> ShownValue {
    value::quota(text)
        .unwrap_or_else(|_| AxisValue::Text(text.to_owned()))
        .into()
}
