//! Exports that would not do what was measured.

use advisor::export::{ExportRequest, NotExported};
use documents::advice::TargetAdvice;
use documents::export::{Carrier, Value};
use gotrace::GoVersion;
use report::{ExportFormat, Kubernetes};

use crate::given::{advice, made, request, whole};

const MIB: u64 = 1 << 20;

/// Why it is refused.
fn reasons(advice: &TargetAdvice, request: &ExportRequest) -> String {
    match made(advice, request) {
        Err(NotExported::Refused(all)) => {
            assert!(all.iter().all(|own| !own.fix.is_empty()));
            let all = all
                .iter()
                .map(|own| format!("{}: {}\n", own.setting, own.reason));
            all.collect()
        }
        other => panic!("not refused: {other:?}"),
    }
}

fn with_limit(mib: u64) -> ExportRequest {
    ExportRequest {
        memory_bytes: Some(mib * MIB),
        ..request(Carrier::Deployment)
    }
}

#[test]
fn no_collector_without_a_limit() {
    let off = advice(&[("gogc", "100", "off")]);
    for carrier in [Carrier::Script, Carrier::Image, Carrier::Deployment] {
        assert!(reasons(&off, &request(carrier)).starts_with("GOGC=off: "));
    }
    // A negative number is off, too.
    assert!(reasons(&advice(&[("gogc", "100", "-1")]), &request(Carrier::Script)).contains("GOGC"));
    // A limit that the control has already is part of it.
    let kept = advice(&[("gogc", "100", "off"), ("gomemlimit", "400MiB", "400MiB")]);
    let export = made(&kept, &request(Carrier::Deployment)).unwrap();
    assert_eq!(export.variables.len(), 2);
}

#[test]
fn a_memory_limit_follows_the_container() {
    let limited = advice(&[("gomemlimit", "default", "400MiB")]);
    let bare = |carrier| ExportRequest {
        memory_bytes: None,
        ..request(carrier)
    };
    for carrier in [Carrier::Image, Carrier::Deployment] {
        let why = reasons(&limited, &bare(carrier));
        assert!(
            why.contains("resourceFieldRef") && why.contains("node's memory"),
            "{why}"
        );
    }
    let script = made(&limited, &bare(Carrier::Script)).unwrap();
    assert_eq!(script.variables[0].value, Value::PercentOfMemory(78));
    // Twice the container, twice the limit.
    let twice = made(&limited, &with_limit(1024)).unwrap();
    assert_eq!(twice.variables[0].value, Value::Text("800MiB".to_owned()));
    assert!(
        twice
            .cautions
            .iter()
            .any(|own| own.contains("was not measured"))
    );
    // Without a measured cap there is no share.
    let mut uncapped = limited.clone();
    uncapped
        .setting
        .change
        .as_mut()
        .unwrap()
        .validity
        .memory_cap_bytes = None;
    reasons(&uncapped, &bare(Carrier::Script));
    assert!(reasons(&uncapped, &with_limit(400)).contains("not below the memory limit"));
    assert!(reasons(&uncapped, &with_limit(300)).contains("not below the memory limit"));
    made(&uncapped, &with_limit(512)).unwrap();
}

#[test]
fn no_limit_that_the_live_heap_leaves_no_room_in() {
    // The live heap is 100 MiB.
    let near = |text: &str| advice(&[("gomemlimit", "default", text)]);
    for text in ["60MiB", "100MiB", "109MiB"] {
        assert!(
            reasons(&near(text), &with_limit(512)).contains("without pause"),
            "{text}"
        );
    }
    let export = made(&near("115MiB"), &with_limit(512)).unwrap();
    assert!(
        export
            .cautions
            .iter()
            .any(|own| own.contains("1.15 times the live heap"))
    );
    // It is the exported value that counts, not the measured one.
    assert!(reasons(&near("400MiB"), &with_limit(130)).contains("without pause"));
}

#[test]
fn no_container_that_is_too_small() {
    let gogc = advice(&[("gogc", "100", "400")]);
    assert!(reasons(&gogc, &with_limit(256)).contains("300 MiB"));
    made(&gogc, &with_limit(512)).unwrap();
    let procs = advice(&[("gomaxprocs", "default", "4")]);
    let with_cpus = |cpus| ExportRequest {
        cpus: Some(cpus),
        ..request(Carrier::Deployment)
    };
    assert!(reasons(&procs, &with_cpus(2.0)).contains("over the quota"));
    made(&procs, &with_cpus(3.5)).unwrap();
    let mut under_quota = procs.clone();
    under_quota
        .setting
        .change
        .as_mut()
        .unwrap()
        .validity
        .quota_cpus = Some(2.0);
    assert!(reasons(&under_quota, &request(Carrier::Script)).contains("over the quota"));
}

#[test]
fn no_settings_of_another_go() {
    let with_go = |go: &str| ExportRequest {
        go: Some(GoVersion::parse(go).unwrap()),
        ..request(Carrier::Deployment)
    };
    assert!(reasons(&whole(), &with_go("go1.25.1")).contains("go1.26.8"));
    made(&whole(), &with_go("go1.26.1")).unwrap();
}

#[test]
fn nothing_that_the_format_cannot_carry() {
    let gogc = advice(&[("gogc", "100", "400")]);
    assert!(reasons(&gogc, &request(Carrier::Source)).contains("nothing"));
    let runtime_key = advice(&[("godebug", "default", "madvdontneed=1")]);
    assert!(reasons(&runtime_key, &request(Carrier::Source)).contains("refuses //go:debug"));
    let toolchain = advice(&[("toolchain", "1.25", "1.26")]);
    assert!(reasons(&toolchain, &request(Carrier::Deployment)).contains("build with Go 1.26"));
    let both = advice(&[("toolchain", "1.25", "1.26"), ("gogc", "100", "400")]);
    let export = made(&both, &request(Carrier::Deployment)).unwrap();
    assert_eq!(export.elsewhere, ["# build with Go 1.26"]);
}

#[test]
fn no_value_that_leaves_its_line() {
    let broken = advice(&[("env.GREETING", "default", "a\nb")]);
    assert!(reasons(&broken, &request(Carrier::Script)).contains("line's end"));
    let name = advice(&[("env.A B", "default", "a")]);
    assert!(reasons(&name, &request(Carrier::Script)).contains("no shell"));
}

#[test]
fn no_recommendation_no_export() {
    let mut none = whole();
    none.setting.change = None;
    none.setting.refused = Some("V5: drift".to_owned());
    let error = made(&none, &request(Carrier::Script)).unwrap_err();
    assert!(error.to_string().contains("V5: drift"), "{error}");
}

#[test]
fn a_gain_with_an_open_loss_is_exported_only_when_asked_for() {
    let mut open = whole();
    open.setting.proposal = open.setting.change.take();
    open.setting.action = "gain shown, loss open: gogc=400".to_owned();
    let mut asked = request(Carrier::Script);
    let error = made(&open, &asked).unwrap_err().to_string();
    assert!(error.contains("--accept-open"), "{error}");
    asked.accept_open = true;
    let export = made(&open, &asked).unwrap();
    assert!(!export.recommended);
    assert!(export.cautions.contains(&open.setting.action));
    assert!(made(&whole(), &asked).unwrap().recommended);
}

#[test]
fn no_name_that_kubernetes_refuses() {
    let export = made(&whole(), &request(Carrier::Deployment)).unwrap();
    for name in ["Web", "web_app", "-web", "", "a\nb: c"] {
        let format = Kubernetes {
            kind: "Deployment",
            name: name.to_owned(),
            container: "app".to_owned(),
        };
        let error = format.files(&export).unwrap_err().to_string();
        assert!(error.contains("--name"), "{error}");
    }
}
