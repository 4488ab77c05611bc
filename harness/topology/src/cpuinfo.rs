//! `proc/cpuinfo`, whose shape differs by architecture.
//!
//! [`CpuInfo`] is the main type: the fields of each processor and those that stand outside any. x86, arm, riscv and
//! loongarch print a block per processor; s390 one line per processor; power repeats `cpu`.

use std::collections::BTreeMap;

use crate::arm;
use crate::model::CpuModel;
use crate::source::Source;

type Fields = BTreeMap<String, String>;

/// The fields of `proc/cpuinfo`.
#[derive(Debug, Default)]
pub(crate) struct CpuInfo {
    /// Per processor number, its own fields.
    pub(crate) processors: BTreeMap<u32, Fields>,
    /// Fields before the first processor (s390) or after the last (power).
    common: Fields,
}

impl CpuInfo {
    pub(crate) fn read(source: &Source) -> Self {
        let Some(text) = source.text("proc/cpuinfo") else {
            source.note("proc/cpuinfo is missing: CPU model and flags unknown");
            return Self::default();
        };
        let info = Self::parse(&text);
        if info.processors.is_empty() {
            source.note("proc/cpuinfo names no processor: CPU model and flags may be unknown");
        }
        info
    }

    fn parse(text: &str) -> Self {
        let mut info = Self::default();
        let mut current = None;
        for line in text.lines() {
            let Some((key, value)) = line.split_once(':') else {
                current = current.filter(|_| !line.trim().is_empty());
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            if let Some(number) = s390_processor(key) {
                let fields = info.processors.entry(number).or_default();
                fields.extend(value.split(',').filter_map(s390_field));
            } else if key == "processor" && value.parse::<u32>().is_ok() {
                current = value.parse().ok();
                info.processors
                    .extend(current.map(|number| (number, Fields::new())));
            } else {
                let fields = match current {
                    Some(number) => info.processors.entry(number).or_default(),
                    None => &mut info.common,
                };
                fields
                    .entry(key.to_owned())
                    .or_insert_with(|| value.to_owned());
            }
        }
        info
    }

    /// A field of one processor.
    pub(crate) fn field(&self, cpu: u32, key: &str) -> Option<&str> {
        self.processors.get(&cpu)?.get(key).map(String::as_str)
    }

    /// A numeric field of one processor, `physical id` for instance.
    pub(crate) fn number(&self, cpu: u32, key: &str) -> Option<u32> {
        self.field(cpu, key)?.parse().ok()
    }

    /// The implementer and part of an ARM core.
    pub(crate) fn arm_core(&self, cpu: u32) -> Option<arm::CoreId> {
        let hexadecimal = |key| {
            let digits = self.field(cpu, key)?.strip_prefix("0x")?;
            u32::from_str_radix(digits, 16).ok()
        };
        Some(arm::CoreId {
            implementer: hexadecimal("CPU implementer")?,
            part: hexadecimal("CPU part")?,
        })
    }

    /// The first of these fields that any processor or the common part has.
    fn first(&self, keys: &[&str]) -> Option<&str> {
        let places = || self.processors.values().chain([&self.common]);
        keys.iter()
            .find_map(|key| places().find_map(|fields| fields.get(*key)))
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn model(&self) -> CpuModel {
        let flags = self.first(&["flags", "Features", "features", "isa"]);
        CpuModel {
            vendor: self.vendor(),
            name: self.name(),
            flags: flags
                .map(|flags| flags.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
        }
    }

    fn vendor(&self) -> Option<String> {
        let arm_vendor = || {
            let first = *self.processors.keys().next()?;
            Some(arm::vendor(self.arm_core(first)?.implementer))
        };
        self.first(&["vendor_id"])
            .map(str::to_owned)
            .or_else(arm_vendor)
    }

    fn name(&self) -> Option<String> {
        // "cpu" is power, "uarch" riscv, "Model Name" loongarch.
        let named = self.first(&["model name", "Model Name", "cpu", "uarch"]);
        named
            .map(collapse_spaces)
            .or_else(|| self.arm_names())
            .or_else(|| {
                let machine = self.first(&["machine"])?;
                Some(
                    format!("{} machine {machine}", self.vendor().unwrap_or_default())
                        .trim()
                        .to_owned(),
                )
            })
    }

    /// The distinct ARM core names in the order in which they appear.
    fn arm_names(&self) -> Option<String> {
        let mut names: Vec<String> = Vec::new();
        for core in self.processors.keys().filter_map(|cpu| self.arm_core(*cpu)) {
            let name = arm::core_name(core);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        (!names.is_empty()).then(|| names.join(" + "))
    }
}

/// `processor 12` before the colon, as s390 prints it.
fn s390_processor(key: &str) -> Option<u32> {
    key.strip_prefix("processor ")?.trim().parse().ok()
}

/// `machine = 2817` within the line of an s390 processor.
fn s390_field(field: &str) -> Option<(String, String)> {
    let (key, value) = field.split_once('=')?;
    Some((key.trim().to_owned(), value.trim().to_owned()))
}

/// Intel pads names with runs of blanks, which would make a fingerprint fragile.
fn collapse_spaces(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x86_block_per_processor() {
        let info = CpuInfo::parse(
            "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R)   X   @ 2GHz\n\
             physical id\t: 1\nflags\t\t: fpu hypervisor\n\nprocessor\t: 7\nphysical id\t: 2\n",
        );
        let model = info.model();
        assert_eq!(model.name.as_deref(), Some("Intel(R) X @ 2GHz"));
        assert_eq!(model.vendor.as_deref(), Some("GenuineIntel"));
        assert_eq!(model.flags, ["fpu", "hypervisor"]);
        assert_eq!(info.number(7, "physical id"), Some(2));
        assert_eq!(info.number(3, "physical id"), None);
    }

    #[test]
    fn s390_line_per_processor() {
        let info = CpuInfo::parse(
            "vendor_id       : IBM/S390\n# processors    : 1\nfeatures\t: esan3 zarch\n\
             processor 4: version = 00,  identification = 279F25,  machine = 2817\n",
        );
        assert_eq!(info.model().name.as_deref(), Some("IBM/S390 machine 2817"));
        assert_eq!(info.model().flags, ["esan3", "zarch"]);
        assert!(info.processors.contains_key(&4));
    }

    #[test]
    fn arm_parts_become_names() {
        let info = CpuInfo::parse(
            "processor : 0\nCPU implementer : 0x41\nCPU part : 0xd0c\n\n\
             processor : 1\nCPU implementer : 0x41\nCPU part : 0xfff\n",
        );
        assert_eq!(info.model().vendor.as_deref(), Some("ARM"));
        assert_eq!(
            info.model().name.as_deref(),
            Some("Neoverse-N1 + ARM part 0xfff")
        );
    }

    #[test]
    fn power_repeats_cpu_and_names_the_platform_last() {
        let info = CpuInfo::parse(
            "processor\t: 0\ncpu\t\t: POWER9, altivec supported\n\n\
             timebase\t: 512000000\nplatform\t: PowerNV\n",
        );
        assert_eq!(
            info.model().name.as_deref(),
            Some("POWER9, altivec supported")
        );
    }

    #[test]
    fn garbage_gives_an_empty_model() {
        for text in ["", ":::\n:", "processor : minus one\n", "\u{0}\u{fffd}"] {
            let info = CpuInfo::parse(text);
            assert!(info.processors.is_empty(), "{text:?}");
            assert_eq!(info.model().name, None);
        }
    }
}
