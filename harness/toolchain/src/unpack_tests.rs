//! Hostile and honest archives, made here.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use super::*;

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
        let limits = Limits {
            files: 10,
            bytes: 1000,
        };
        tar_gz(
            &self.folder.path().join("archive"),
            &self.folder.path().join("into"),
            limits,
            &quiet,
        )
    }

    fn zip(&self) -> Result<Contents, ToolchainError> {
        let limits = Limits {
            files: 10,
            bytes: 1000,
        };
        zip(
            &self.folder.path().join("archive"),
            &self.folder.path().join("into"),
            limits,
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
        "broken archive",
    );
    let mut damaged = whole;
    let at = 40 + "go/VERSION".len();
    damaged[at] ^= 0xff;
    refused(Case::new(&damaged).zip(), "");
}
