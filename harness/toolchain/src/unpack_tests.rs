//! Hostile and honest archives, made here.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use super::*;

const LIMITS: Limits = Limits {
    files: 10,
    bytes: 1000,
    name_bytes: 2000,
    archive_bytes: 64 << 20,
};

fn quiet(_: u64) {}

/// One tar entry written raw, because the tar crate refuses to make bad ones.
fn tar_entry(name: &str, kind: u8, link: &str, mode: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(format!("{mode:0>7}\0").as_bytes());
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[156] = kind;
    header[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut entry = header.to_vec();
    entry.extend(content);
    entry.resize(entry.len().div_ceil(512) * 512, 0);
    entry
}

fn gzip(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for entry in entries {
        encoder.write_all(entry).unwrap();
    }
    encoder.write_all(&[0; 1024]).unwrap();
    encoder.finish().unwrap()
}

struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new(archive: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("archive"), archive).unwrap();
        fs::create_dir(folder.path().join("into")).unwrap();
        Self { folder }
    }

    fn tar(&self) -> Result<Contents, ToolchainError> {
        tar_gz(
            &self.folder.path().join("archive"),
            &self.folder.path().join("into"),
            LIMITS,
            &quiet,
        )
    }

    fn zip(&self) -> Result<Contents, ToolchainError> {
        zip(
            &self.folder.path().join("archive"),
            &self.folder.path().join("into"),
            LIMITS,
            &quiet,
        )
    }

    /// Everything outside `into` is as it was.
    fn nothing_escaped(&self) -> bool {
        let mut names: Vec<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names == ["archive", "into"]
    }
}

fn refused(result: Result<Contents, ToolchainError>, reason: &str) {
    let text = result.unwrap_err().to_string();
    assert!(text.contains(reason), "{text}");
}

#[test]
fn an_honest_tar_comes_out_with_its_exec_bits() {
    let case = Case::new(&gzip(&[
        tar_entry("go/", b'5', "", "755", b""),
        tar_entry("go/bin/go", b'0', "", "755", b"program"),
        tar_entry("go/VERSION", b'0', "", "644", b"go1.25.5\n"),
    ]));
    let contents = case.tar().unwrap();
    assert_eq!(
        contents["go/VERSION"].sha256,
        digest::of_bytes(b"go1.25.5\n")
    );
    let into = case.folder.path().join("into");
    assert_eq!(fs::read(into.join("go/bin/go")).unwrap(), b"program");
    let mode = |name: &str| fs::metadata(into.join(name)).unwrap().permissions().mode();
    assert_ne!(mode("go/bin/go") & 0o100, 0);
    assert_eq!(mode("go/VERSION") & 0o111, 0);
}

#[test]
fn names_that_lead_out_of_a_tar_are_refused() {
    for name in [
        "../evil",
        "/tmp/gosweep-evil",
        "go/../../evil",
        "./../evil",
        "a\\..\\evil",
    ] {
        let case = Case::new(&gzip(&[tar_entry(name, b'0', "", "644", b"x")]));
        refused(case.tar(), "no plain relative path");
        assert!(case.nothing_escaped(), "{name}");
    }
}

#[test]
fn links_and_devices_in_a_tar_are_refused() {
    for (kind, link) in [
        (b'2', "/etc"),
        (b'2', "inside"),
        (b'1', "go/VERSION"),
        (b'3', ""),
        (b'6', ""),
    ] {
        let case = Case::new(&gzip(&[
            tar_entry("go/link", kind, link, "777", b""),
            tar_entry("go/link/passwd", b'0', "", "644", b"x"),
        ]));
        refused(case.tar(), "neither file nor folder");
        assert!(case.nothing_escaped());
    }
}

#[test]
fn a_tar_may_not_grow_beyond_its_limits() {
    let case = Case::new(&gzip(&[tar_entry("bomb", b'0', "", "644", &[0; 1001])]));
    refused(case.tar(), "more than 1000 bytes");
    let many: Vec<_> = (0..11)
        .map(|n| tar_entry(&format!("f{n}/"), b'5', "", "755", b""))
        .collect();
    refused(Case::new(&gzip(&many)).tar(), "more than 10 entries");
    let twice = [
        tar_entry("a", b'0', "", "644", b"1"),
        tar_entry("a", b'0', "", "644", b"2"),
    ];
    refused(Case::new(&gzip(&twice)).tar(), "exists");
}

#[test]
fn a_truncated_tar_is_refused() {
    let noise: Vec<u8> = (0..900u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let whole = gzip(&[tar_entry("go/VERSION", b'0', "", "644", &noise)]);
    refused(Case::new(&whole[..whole.len() / 2]).tar(), "");
    refused(Case::new(b"no gzip at all").tar(), "broken archive");
}

fn make_zip(entries: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, mode, content) in entries {
        let options = zip::write::SimpleFileOptions::default().unix_permissions(*mode);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn an_honest_zip_comes_out_with_its_exec_bits() {
    let case = Case::new(&make_zip(&[
        ("go/bin/go", 0o755, b"program"),
        ("go/VERSION", 0o644, b"v"),
    ]));
    let contents = case.zip().unwrap();
    assert_eq!(
        contents["go/VERSION"],
        Written {
            sha256: digest::of_bytes(b"v"),
            bytes: 1
        }
    );
    let mode = fs::metadata(case.folder.path().join("into/go/bin/go"))
        .unwrap()
        .permissions()
        .mode();
    assert_ne!(mode & 0o100, 0);
}

#[test]
fn a_zip_slip_is_refused() {
    // Names are swapped in the finished bytes: the writer would tidy them up.
    for evil in ["../evil", "/evilXX", "a\\..\\bX"] {
        let mut bytes = make_zip(&[("XXXXXXX", 0o644, b"x")]);
        while let Some(at) = bytes.windows(7).position(|window| window == b"XXXXXXX") {
            bytes[at..at + 7].copy_from_slice(evil.as_bytes());
        }
        let case = Case::new(&bytes);
        refused(case.zip(), "");
        assert!(case.nothing_escaped(), "{evil}");
        assert_eq!(
            fs::read_dir(case.folder.path().join("into"))
                .unwrap()
                .count(),
            0
        );
    }
}

#[test]
fn a_link_in_a_zip_is_refused() {
    let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    writer
        .add_symlink("go/link", "/etc", zip::write::SimpleFileOptions::default())
        .unwrap();
    refused(
        Case::new(&writer.finish().unwrap().into_inner()).zip(),
        "link",
    );
}

#[test]
fn a_zip_may_not_grow_beyond_its_limits() {
    let case = Case::new(&make_zip(&[("bomb", 0o644, &[0; 2000])]));
    refused(case.zip(), "more than 1000 bytes");
}

#[test]
fn a_truncated_or_damaged_zip_is_refused() {
    let whole = make_zip(&[(
        "go/VERSION",
        0o644,
        b"a content that is long enough to be damaged",
    )]);
    refused(
        Case::new(&whole[..whole.len() - 30]).zip(),
        "no plain zip archive",
    );
    let mut damaged = whole;
    let at = 40 + "go/VERSION".len();
    damaged[at] ^= 0xff;
    refused(Case::new(&damaged).zip(), "");
}

#[test]
fn long_names_that_are_honest_come_out() {
    let long = format!("go/{}/print.go", "d".repeat(120));
    let pax = |key: &str, value: &str| {
        // The length counts itself: two digits here.
        let rest = format!(" {key}={value}\n");
        let length = (rest.len() + 3).to_string();
        format!("{length}{rest}").into_bytes()
    };
    let by_gnu = tar_entry(
        "././@LongLink",
        b'L',
        "",
        "644",
        format!("{long}\0").as_bytes(),
    );
    let by_pax = tar_entry("PaxHeader", b'x', "", "644", &pax("path", &long));
    let times = tar_entry("PaxHeader", b'x', "", "644", b"18 mtime=1.123456\n");
    let file = tar_entry("go/short", b'0', "", "644", b"x");
    for announced in [by_gnu, by_pax] {
        let case = Case::new(&gzip(&[announced, file.clone()]));
        assert_eq!(case.tar().unwrap().keys().collect::<Vec<_>>(), [&long]);
    }
    let case = Case::new(&gzip(&[
        times,
        file.clone(),
        tar_entry("b", b'0', "", "644", b""),
    ]));
    assert_eq!(
        case.tar().unwrap().keys().collect::<Vec<_>>(),
        ["b", "go/short"]
    );
    let evil = tar_entry(
        "PaxHeader",
        b'x',
        "",
        "644",
        &pax("path", &format!("../{}", "e".repeat(99))),
    );
    refused(
        Case::new(&gzip(&[evil, file])).tar(),
        "no plain relative path",
    );
}

/// One entry with 300 MiB, in a few megabytes of archive.
fn bomb(kind: u8) -> Vec<u8> {
    const BYTES: usize = 300 << 20;
    let mut header = tar_entry("name", kind, "", "644", b"");
    header[124..136].copy_from_slice(format!("{BYTES:011o}\0").as_bytes());
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    // A full flush ends a block that can be repeated: compressing it all would take a minute unoptimised. The checksum
    // at the end is never reached.
    let block = |bytes: &[u8]| {
        let mut deflate = flate2::Compress::new(flate2::Compression::best(), false);
        let mut out = Vec::with_capacity(bytes.len() + 100);
        let flush = flate2::FlushCompress::Full;
        deflate.compress_vec(bytes, &mut out, flush).unwrap();
        assert_eq!(deflate.total_in(), bytes.len() as u64);
        out
    };
    let mut archive = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    archive.extend(block(&header));
    let content = block(&vec![b'x'; 1 << 20]);
    for _ in 0..BYTES >> 20 {
        archive.extend(&content);
    }
    archive
}

/// Run by the test below in a process that may take 256 MiB.
#[test]
#[ignore = "a helper of an_archive_takes_no_more_memory_than_its_budget"]
fn helper_in_little_memory() {
    let Ok(archive) = std::env::var("GOSWEEP_TEST_ARCHIVE") else {
        return;
    };
    let into = tempfile::tempdir().unwrap();
    let result = tar_gz(Path::new(&archive), into.path(), Limits::TOOLCHAIN, &quiet);
    refused(result, "name or header of more than");
}

#[test]
fn an_archive_takes_no_more_memory_than_its_budget() {
    let folder = tempfile::tempdir().unwrap();
    for kind in [b'L', b'x', b'g'] {
        let archive = folder.path().join("bomb.tar.gz");
        fs::write(&archive, bomb(kind)).unwrap();
        let helped = std::process::Command::new("/bin/sh")
            .args([
                "-c",
                "ulimit -v 262144 && exec \"$0\" --ignored --exact \"$1\" --test-threads 1",
            ])
            .arg(std::env::current_exe().unwrap())
            .arg("unpack::tests::helper_in_little_memory")
            .env("GOSWEEP_TEST_ARCHIVE", &archive)
            .output()
            .unwrap();
        assert!(helped.status.success(), "{}: {helped:?}", char::from(kind));
    }
}

#[test]
fn lists_of_files_and_depths_have_a_budget() {
    let many: Vec<(String, u32, &[u8])> = (0..11)
        .map(|n| (format!("f{n}"), 0o644, &b""[..]))
        .collect();
    let many: Vec<_> = many
        .iter()
        .map(|(n, mode, c)| (n.as_str(), *mode, *c))
        .collect();
    // Known before anything is unpacked: nothing lies there.
    let case = Case::new(&make_zip(&many));
    refused(case.zip(), "more than 10 entries");
    assert_eq!(
        fs::read_dir(case.folder.path().join("into"))
            .unwrap()
            .count(),
        0
    );
    let deep = format!("{}x", "d/".repeat(40));
    refused(
        Case::new(&make_zip(&[(&deep, 0o644, b"")])).zip(),
        "too deep",
    );
    refused(
        Case::new(&gzip(&[tar_entry(&deep, b'0', "", "644", b"")])).tar(),
        "too deep",
    );
    let mut said_less = make_zip(&[("a", 0o644, b""), ("b", 0o644, b"")]);
    let end = said_less.len() - 22;
    said_less[end + 8] = 1;
    said_less[end + 10] = 1;
    refused(Case::new(&said_less).zip(), "longer than it says");
    let mut commented = make_zip(&[("a", 0o644, b"")]);
    commented.extend(b"comment");
    refused(Case::new(&commented).zip(), "no plain zip archive");
}

mod any_bytes {
    use super::*;
    use proptest::prelude::*;

    /// What lies below a folder: entries and bytes.
    fn measured(folder: &Path) -> (u64, u64) {
        let (mut entries, mut bytes) = (0, 0);
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let meta = entry.metadata().unwrap();
            assert!(meta.is_dir() || meta.is_file(), "{:?}", entry.path());
            entries += 1;
            bytes += if meta.is_file() { meta.len() } else { 0 };
            if meta.is_dir() {
                let (below, size) = measured(&entry.path());
                entries += below;
                bytes += size;
            }
        }
        (entries, bytes)
    }

    /// Whatever came of it, nothing lies outside and no more than allowed inside.
    fn holds(case: &Case, result: Result<Contents, ToolchainError>) {
        assert!(case.nothing_escaped());
        let (entries, bytes) = measured(&case.folder.path().join("into"));
        // A file takes folders with it, as deep as a name may be.
        assert!(entries <= LIMITS.files * DEEPEST as u64, "{entries}");
        // The byte that shows that there are too many is on disk.
        assert!(bytes <= LIMITS.bytes + 1, "{bytes}");
        if let Ok(contents) = result {
            assert!(contents.len() as u64 <= LIMITS.files);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn tars_stay_within_their_limits(
            entries in prop::collection::vec(("[a-z./\\\\]{0,12}", prop::sample::select(&b"05LxgK127S"[..]), 0usize..1500), 0..14),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let mut tar = Vec::new();
            for (name, kind, size) in &entries {
                tar.extend(tar_entry(name, *kind, "", "644", &vec![b'a'; *size]));
            }
            for (at, byte) in damage.iter().filter(|_| !tar.is_empty()).collect::<Vec<_>>() {
                let at = at.index(tar.len());
                tar[at] = *byte;
            }
            let case = Case::new(&gzip(&[tar]));
            holds(&case, case.tar());
        }

        #[test]
        fn zips_stay_within_their_limits(
            entries in prop::collection::vec(("[a-z]{1,6}/[a-z]{0,6}", 0usize..1500), 0..14),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let content = vec![b'a'; 1500];
            let mut seen = std::collections::BTreeSet::new();
            let entries: Vec<_> = entries
                .iter()
                .filter(|(name, _)| seen.insert(name))
                .map(|(name, size)| (name.as_str(), 0o644, &content[..*size]))
                .collect();
            let mut bytes = make_zip(&entries);
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let case = Case::new(&bytes);
            holds(&case, case.zip());
        }

        #[test]
        fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let case = Case::new(&bytes);
            holds(&case, case.zip());
            holds(&case, case.tar());
        }
    }
}
