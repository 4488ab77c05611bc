//! Names of ARM cores by their main id register (MIDR).
//!
//! The implementer and part numbers are those of the Arm Architecture Reference Manual's MIDR_EL1 and of Linux'
//! arch/arm64/include/asm/cputype.h. Server cores and those that phones and boards mix are named; any other shows its
//! numbers, which tell kinds apart just as well.

/// Who designed a core and which one it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CoreId {
    pub(crate) implementer: u32,
    pub(crate) part: u32,
}

impl CoreId {
    /// Splits `midr_el1`: implementer in bits 31-24, part in bits 15-4.
    pub(crate) fn from_midr(midr: u64) -> Self {
        Self {
            implementer: (midr >> 24 & 0xff) as u32,
            part: (midr >> 4 & 0xfff) as u32,
        }
    }
}

const VENDORS: &[(u32, &str)] = &[
    (0x41, "ARM"),
    (0x42, "Broadcom"),
    (0x43, "Cavium"),
    (0x46, "FUJITSU"),
    (0x48, "HiSilicon"),
    (0x4e, "NVIDIA"),
    (0x50, "APM"),
    (0x51, "Qualcomm"),
    (0x53, "Samsung"),
    (0x61, "Apple"),
    (0x6d, "Microsoft"),
    (0x70, "Phytium"),
    (0xc0, "Ampere"),
];

const CORES: &[(u32, u32, &str)] = &[
    (0x41, 0xd03, "Cortex-A53"),
    (0x41, 0xd04, "Cortex-A35"),
    (0x41, 0xd05, "Cortex-A55"),
    (0x41, 0xd07, "Cortex-A57"),
    (0x41, 0xd08, "Cortex-A72"),
    (0x41, 0xd09, "Cortex-A73"),
    (0x41, 0xd0a, "Cortex-A75"),
    (0x41, 0xd0b, "Cortex-A76"),
    (0x41, 0xd0c, "Neoverse-N1"),
    (0x41, 0xd0d, "Cortex-A77"),
    (0x41, 0xd40, "Neoverse-V1"),
    (0x41, 0xd41, "Cortex-A78"),
    (0x41, 0xd44, "Cortex-X1"),
    (0x41, 0xd46, "Cortex-A510"),
    (0x41, 0xd47, "Cortex-A710"),
    (0x41, 0xd48, "Cortex-X2"),
    (0x41, 0xd49, "Neoverse-N2"),
    (0x41, 0xd4a, "Neoverse-E1"),
    (0x41, 0xd4d, "Cortex-A715"),
    (0x41, 0xd4e, "Cortex-X3"),
    (0x41, 0xd4f, "Neoverse-V2"),
    (0x41, 0xd80, "Cortex-A520"),
    (0x41, 0xd81, "Cortex-A720"),
    (0x41, 0xd82, "Cortex-X4"),
    (0x41, 0xd84, "Neoverse-V3"),
    (0x41, 0xd8e, "Neoverse-N3"),
    (0x43, 0x0a1, "ThunderX"),
    (0x43, 0x0af, "ThunderX2"),
    (0x46, 0x001, "A64FX"),
    (0x48, 0xd01, "Kunpeng-920"),
    (0x4e, 0x004, "Carmel"),
    (0x51, 0x001, "Oryon"),
    (0x61, 0x022, "Icestorm-M1"),
    (0x61, 0x023, "Firestorm-M1"),
    (0x61, 0x032, "Blizzard-M2"),
    (0x61, 0x033, "Avalanche-M2"),
    (0xc0, 0xac3, "Ampere-1"),
    (0xc0, 0xac4, "Ampere-1a"),
];

/// The implementer's name, or its number.
pub(crate) fn vendor(implementer: u32) -> String {
    let known = VENDORS.iter().find(|(id, _)| *id == implementer);
    known.map_or_else(
        || format!("implementer 0x{implementer:02x}"),
        |(_, name)| (*name).to_owned(),
    )
}

/// The core's name, or its implementer and part number.
pub(crate) fn core_name(core: CoreId) -> String {
    let known = CORES
        .iter()
        .find(|(implementer, part, _)| (*implementer, *part) == (core.implementer, core.part));
    known.map_or_else(
        || format!("{} part 0x{:03x}", vendor(core.implementer), core.part),
        |(_, _, name)| (*name).to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midr_of_a_neoverse_n1() {
        let core = CoreId::from_midr(0x0000_0000_413f_d0c1);
        assert_eq!(core_name(core), "Neoverse-N1");
    }
}
