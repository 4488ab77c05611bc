//! Sets of CPU ids in the formats that Linux reads and prints.
//!
//! [`CpuSet`] is the main type. It knows nothing of a host: whether a CPU
//! exists or may be used is for [`crate::Topology`] to say.

use std::fmt;
use std::ops::{BitAnd, BitOr, Sub};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::error::Error;

/// The largest id a set takes. Linux builds go to 8192 CPUs (`NR_CPUS` with
/// `MAXSMP`, arch/x86/Kconfig); the margin costs nothing and the bound keeps a
/// garbage file such as `0-4000000000` from asking for half a gigabyte.
pub const MAX_CPU_ID: u32 = 65_535;

const WORD_BITS: u32 = u64::BITS;

/// A set of CPU ids (or of NUMA node numbers, which Linux prints alike).
///
/// Parses and prints the list format of `cpuset(7)`: `0-3,8,10-12`. Parsing
/// also takes the kernel's grouped form `0-31:2/4` (2 out of every 4) and
/// util-linux's stride form `0-62:2`; the empty text is the empty set.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CpuSet {
    /// Bit `id % 64` of word `id / 64`; the last word is never zero, so that
    /// equal sets have equal words.
    words: Vec<u64>,
}

impl CpuSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses a mask in the format of `/proc/<pid>/status` and of sysfs'
    /// `*_siblings` files: comma-separated groups of hexadecimal digits, most
    /// significant group first, as in `ff,00000001` (CPUs 0 and 32-39).
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

    /// Prints the mask format that [`CpuSet::parse_mask`] reads.
    pub fn to_mask(&self) -> String {
        let groups: Vec<u32> = self
            .words
            .iter()
            .flat_map(|word| [*word as u32, (*word >> 32) as u32])
            .collect();
        let significant = groups.iter().rposition(|group| *group != 0).unwrap_or(0);
        let mut text = format!("{:x}", groups.get(significant).copied().unwrap_or(0));
        for group in groups.iter().take(significant).rev() {
            text.push_str(&format!(",{group:08x}"));
        }
        text
    }

    /// Adds an id; says whether it was new.
    ///
    /// # Panics
    /// If `id` is larger than [`MAX_CPU_ID`]; parsing refuses such ids with an
    /// error instead.
    pub fn insert(&mut self, id: u32) -> bool {
        assert!(id <= MAX_CPU_ID, "CPU id {id} is larger than {MAX_CPU_ID}");
        let (word, bit) = position(id);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let was_there = self.words[word] & bit != 0;
        self.words[word] |= bit;
        !was_there
    }

    /// Takes an id away; says whether it was there.
    pub fn remove(&mut self, id: u32) -> bool {
        let was_there = self.contains(id);
        if was_there {
            let (word, bit) = position(id);
            self.words[word] &= !bit;
            self.trim();
        }
        was_there
    }

    /// Whether the id is in the set.
    pub fn contains(&self, id: u32) -> bool {
        let (word, bit) = position(id);
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The smallest id.
    pub fn first(&self) -> Option<u32> {
        self.iter().next()
    }

    /// The largest id.
    pub fn last(&self) -> Option<u32> {
        let word = self.words.last()?;
        let index = self.words.len() as u32 - 1;
        Some(index * WORD_BITS + WORD_BITS - 1 - word.leading_zeros())
    }

    /// The ids in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let base = index as u32 * WORD_BITS;
            (0..WORD_BITS)
                .filter(move |bit| word >> bit & 1 == 1)
                .map(move |bit| base + bit)
        })
    }

    /// The `count` smallest ids (all of them when there are fewer).
    pub fn take(&self, count: usize) -> Self {
        self.iter().take(count).collect()
    }

    /// Ids in both sets.
    pub fn intersection(&self, other: &Self) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(a, b)| a & b);
        Self::from_words(words.collect())
    }

    /// Ids in either set.
    pub fn union(&self, other: &Self) -> Self {
        let length = self.words.len().max(other.words.len());
        let word = |set: &Self, index: usize| set.words.get(index).copied().unwrap_or(0);
        Self::from_words(
            (0..length)
                .map(|i| word(self, i) | word(other, i))
                .collect(),
        )
    }

    /// Ids of this set that are not in the other.
    pub fn difference(&self, other: &Self) -> Self {
        let minus =
            |(index, word): (usize, &u64)| word & !other.words.get(index).copied().unwrap_or(0);
        Self::from_words(self.words.iter().enumerate().map(minus).collect())
    }

    /// Whether the sets have no id in common.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).all(|(a, b)| a & b == 0)
    }

    /// Whether every id of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.difference(other).is_empty()
    }

    fn from_words(words: Vec<u64>) -> Self {
        let mut set = Self { words };
        set.trim();
        set
    }

    fn trim(&mut self) {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }

    fn insert_checked(&mut self, id: u32, text: &str) -> Result<(), Error> {
        if id > MAX_CPU_ID {
            return Err(Error::cpu_id_too_large(text));
        }
        self.insert(id);
        Ok(())
    }
}

fn position(id: u32) -> (usize, u64) {
    ((id / WORD_BITS) as usize, 1 << (id % WORD_BITS))
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

impl fmt::Display for CpuSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let mut ids = self.iter().peekable();
        while let Some(first) = ids.next() {
            let mut last = first;
            while let Some(next) = ids.next_if(|next| *next == last + 1) {
                last = next;
            }
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(&first.to_string());
            if last > first {
                text.push_str(&format!("-{last}"));
            }
        }
        formatter.pad(&text)
    }
}

impl fmt::Debug for CpuSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CpuSet({self})")
    }
}

/// Serialises as the list text, `"0-3,8"`.
impl Serialize for CpuSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromIterator<u32> for CpuSet {
    fn from_iter<I: IntoIterator<Item = u32>>(ids: I) -> Self {
        let mut set = Self::new();
        set.extend(ids);
        set
    }
}

impl Extend<u32> for CpuSet {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, ids: I) {
        for id in ids {
            self.insert(id);
        }
    }
}

/// The set that holds this one CPU.
impl From<u32> for CpuSet {
    fn from(id: u32) -> Self {
        Self::from_iter([id])
    }
}

impl From<&CpuSet> for CpuSet {
    fn from(set: &CpuSet) -> Self {
        set.clone()
    }
}

impl BitAnd for &CpuSet {
    type Output = CpuSet;
    fn bitand(self, other: &CpuSet) -> CpuSet {
        self.intersection(other)
    }
}

impl BitOr for &CpuSet {
    type Output = CpuSet;
    fn bitor(self, other: &CpuSet) -> CpuSet {
        self.union(other)
    }
}

impl Sub for &CpuSet {
    type Output = CpuSet;
    fn sub(self, other: &CpuSet) -> CpuSet {
        self.difference(other)
    }
}
