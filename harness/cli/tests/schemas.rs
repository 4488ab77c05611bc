//! The committed schema of every document is what its type gives.
//!
//! After a change of a document: `GOSWEEP_UPDATE_SCHEMAS=1 cargo test -p cli --test schemas`, then read the diff. Whether
//! documents keep their schemas, `tests/exports` asks a validator.

use std::fs;
use std::path::Path;
use std::process::Command;

use documents::schema::DOCUMENTS;

#[test]
fn every_document_has_its_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/schemas");
    for document in DOCUMENTS {
        let name = document.name;
        let output = Command::new(env!("CARGO_BIN_EXE_gosweep"))
            .args(["schema", name])
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{name}");
        let schema = String::from_utf8(output.stdout).expect("a schema is UTF-8");
        let file = folder.join(format!("{name}.schema.json"));
        if std::env::var_os("GOSWEEP_UPDATE_SCHEMAS").is_some() {
            fs::write(&file, schema).expect("the schema can be written");
            continue;
        }
        let committed = fs::read_to_string(&file).expect("the schema is committed");
        assert!(
            committed == schema,
            "{} is not what the document is; see the head of this test",
            file.display()
        );
    }
}
