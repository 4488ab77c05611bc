//! Recommendations to export.

use advisor::export::{ExportRequest, NotExported, export};
use documents::advice::{Advice, Setting, TargetAdvice, Validity};
use documents::export::{Carrier, Export};
use report::{ExportFile, ExportFormat};

/// A value with all that any of the formats takes for something else.
pub(crate) const HOSTILE: &str = r#"it's "a" $HOME $(id) ${x} %{y} %h `z` \ # end"#;

const MIB: u64 = 1 << 20;

/// The advice on the committed sample, with other settings: axis, in the control, in the recommended cell.
pub(crate) fn advice(settings: &[(&str, &str, &str)]) -> TargetAdvice {
    let sample = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../reports/sample/report.json"
    );
    let text = std::fs::read_to_string(sample).unwrap();
    let ranking: serde_json::Value = serde_json::from_str(&text).unwrap();
    let advice: Advice = serde_json::from_value(ranking["advice"].clone()).unwrap();
    let mut target = advice.targets.into_iter().next().unwrap();
    // A loss is open in the sample; these tests are of recommendations.
    target.setting.change = target.setting.proposal.take();
    let change = target.setting.change.as_mut().unwrap();
    let settings = settings.iter().map(|(axis, from, to)| Setting {
        axis: (*axis).to_owned(),
        from: (*from).to_owned(),
        to: (*to).to_owned(),
        alone: None,
        without: None,
    });
    change.settings = settings.collect();
    change.validity = Validity {
        live_heap_bytes: Some([90.0 * MIB as f64, 100.0 * MIB as f64]),
        memory_cap_bytes: Some(512 * MIB),
        go: Some("go1.26.8".to_owned()),
        ..Validity::default()
    };
    for own in &mut change.effects {
        if own.objective == record::objective::Objective::Rss {
            own.value = Some(300.0 * MIB as f64);
        }
    }
    target
}

/// Settings of every kind that can be exported.
pub(crate) fn whole() -> TargetAdvice {
    advice(&[
        ("gogc", "100", "off"),
        ("gomemlimit", "default", "400MiB"),
        ("godebug", "default", "madvdontneed=1,panicnil=1"),
        ("env.GREETING", "default", HOSTILE),
    ])
}

pub(crate) fn request(carrier: Carrier) -> ExportRequest {
    ExportRequest {
        carrier,
        memory_bytes: Some(512 * MIB),
        cpus: None,
        go: None,
        undo: false,
        accept_open: false,
        tool: "gosweep test".to_owned(),
    }
}

pub(crate) fn made(advice: &TargetAdvice, request: &ExportRequest) -> Result<Export, NotExported> {
    export("run", advice, request)
}

/// The files of an export in a format.
pub(crate) fn files(
    format: &dyn ExportFormat,
    advice: &TargetAdvice,
    undo: bool,
) -> Vec<ExportFile> {
    let request = ExportRequest {
        undo,
        ..request(format.carrier())
    };
    format.files(&made(advice, &request).unwrap()).unwrap()
}

/// The only file's text.
pub(crate) fn text(format: &dyn ExportFormat, advice: &TargetAdvice, undo: bool) -> String {
    let files = files(format, advice, undo);
    assert_eq!(files.len(), 1);
    files.into_iter().next().unwrap().text
}
