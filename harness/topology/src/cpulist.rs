//! Reads the lists and masks of CPU ids that Linux prints and people write.

use std::str::FromStr;

use crate::cpuset::{CpuSet, MAX_CPU_ID};
use crate::error::Error;

impl CpuSet {
    /// Parses a mask in the format of `/proc/<pid>/status` and of sysfs' `*_siblings` files: comma-separated groups of
    /// hexadecimal digits, most significant group first, as in `ff,00000001` (CPUs 0 and 32-39).
    ///
    /// # Errors
    /// [`Error::CpuList`] on anything that is not such a mask.
    pub fn parse_mask(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let mut set = Self::new();
        let mut base = 0_u32;
        for (index, group) in digits.rsplit(',').enumerate() {
            // Only the leading group may be short; each other stands for 32 CPUs.
            if group.is_empty() || (group.len() > 8 && digits.contains(',')) {
                return Err(Error::cpu_list(text, "not a hexadecimal CPU mask"));
            }
            if index > 0 && !base.is_multiple_of(32) {
                return Err(Error::cpu_list(
                    text,
                    "only the first group of a mask may have fewer than 8 digits",
                ));
            }
            for digit in group.bytes().rev() {
                let value = char::from(digit)
                    .to_digit(16)
                    .ok_or_else(|| Error::cpu_list(text, "not a hexadecimal CPU mask"))?;
                for bit in (0..4).filter(|bit| value >> bit & 1 == 1) {
                    set.insert_checked(base + bit, text)?;
                }
                base += 4;
            }
        }
        Ok(set)
    }

    fn insert_checked(&mut self, id: u32, text: &str) -> Result<(), Error> {
        if id > MAX_CPU_ID {
            return Err(Error::cpu_id_too_large(text));
        }
        self.insert(id);
        Ok(())
    }
}

impl FromStr for CpuSet {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let mut set = Self::new();
        if text.is_empty() {
            return Ok(set);
        }
        for part in text.split(',') {
            let range = Range::parse(part.trim(), text)?;
            range.insert_into(&mut set);
        }
        Ok(set)
    }
}

/// One comma-separated part: `first-last`, taking `used` ids out of every `group`.
struct Range {
    first: u32,
    last: u32,
    used: u32,
    group: u32,
}

impl Range {
    fn parse(part: &str, whole: &str) -> Result<Self, Error> {
        let (span, pattern) = match part.split_once(':') {
            Some((span, pattern)) => (span, Some(pattern)),
            None => (part, None),
        };
        let (first, last) = match span.split_once('-') {
            Some((first, last)) => (id(first, whole)?, id(last, whole)?),
            None => (id(span, whole)?, id(span, whole)?),
        };
        if last < first {
            return Err(Error::cpu_list(
                whole,
                format!("range {span} runs backwards"),
            ));
        }
        let (used, group) = match pattern.map(|pattern| pattern.split_once('/')) {
            None => (1, 1),
            // util-linux: `a-b:stride`; kernel: `a-b:used/group`.
            Some(None) => (1, id(pattern.unwrap_or_default(), whole)?),
            Some(Some((used, group))) => (id(used, whole)?, id(group, whole)?),
        };
        if used == 0 || group == 0 || used > group {
            return Err(Error::cpu_list(
                whole,
                format!("pattern of {part} selects nothing"),
            ));
        }
        Ok(Self {
            first,
            last,
            used,
            group,
        })
    }

    fn insert_into(&self, set: &mut CpuSet) {
        for cpu in self.first..=self.last {
            if (cpu - self.first) % self.group < self.used {
                set.insert(cpu);
            }
        }
    }
}

fn id(text: &str, whole: &str) -> Result<u32, Error> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::cpu_list(
            whole,
            format!("{text:?} is not a number; write it like 0-3,8"),
        ));
    }
    match text.parse::<u32>() {
        Ok(id) if id <= MAX_CPU_ID => Ok(id),
        _ => Err(Error::cpu_id_too_large(whole)),
    }
}
