//! `harness/advisor/RULES.md` is what the tables say.

use std::fmt::Write as _;
use std::path::Path;

use advisor::{BREAKS, DEFECTS, rules};

const HEAD: &str = "\
# The advisor's rules, their rival causes, and defects of single Go releases

Made from the tables in `src/catalogue` and `src/defects.rs`: `GOSWEEP_UPDATE_RULES=1 cargo test -p advisor --test suite
reference`. A rule that has a rival gives way where the rival's own rule fires; where nothing given decides, its finding
says what is not ruled out.
";

fn reference() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n## Rules\n\n| rule | it says | it needs | rival causes, and what decides |\n|---|---|---|---|\n");
    for rule in rules() {
        let needs: Vec<&str> = rule.needs.iter().map(|own| own.describe()).collect();
        let rivals = rule.rivals.iter().map(|own| {
            let by = own
                .rule
                .map_or_else(String::new, |rule| format!(" ({rule})"));
            format!("{}{by}: {}", own.cause, own.decided_by)
        });
        let rivals: Vec<String> = rivals.collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            rule.id,
            rule.title,
            needs.join("; ").replace('|', "\\|"),
            rivals.join("<br>")
        );
    }
    text.push_str("\n## Defects by release\n\n| source | releases | seen by | symptom | fix |\n|---|---|---|---|---|\n");
    for defect in DEFECTS {
        let releases = defect
            .releases
            .iter()
            .map(|(minor, first, fixed)| match fixed {
                Some(fixed) => format!("1.{minor}.{first} to 1.{minor}.{}", fixed - 1),
                None => format!("1.{minor}.{first} on"),
            });
        let releases: Vec<String> = releases.collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            defect.source,
            releases.join(", "),
            defect.rules.join(" "),
            defect.symptom,
            defect.fix
        );
    }
    text.push_str("\n## Figures that do not compare between releases\n\n| source | from | read by | what changed |\n|---|---|---|---|\n");
    for own in BREAKS {
        let _ = writeln!(
            text,
            "| {} | 1.{} | {} | {} |",
            own.source,
            own.from_minor,
            own.rules.join(" "),
            own.what
        );
    }
    text
}

#[test]
fn the_reference_of_rules_is_generated() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("RULES.md");
    let text = reference();
    if std::env::var_os("GOSWEEP_UPDATE_RULES").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == text,
        "RULES.md is not what the tables say: GOSWEEP_UPDATE_RULES=1 cargo test -p advisor --test suite reference"
    );
}

#[test]
fn rivals_name_rules_that_exist_and_no_rule_explains_itself_away() {
    let all: Vec<_> = rules().collect();
    for rule in &all {
        for rival in rule.rivals {
            assert!(
                !rival.cause.is_empty() && !rival.decided_by.is_empty(),
                "{}",
                rule.id
            );
            let Some(by) = rival.rule else { continue };
            let other = all.iter().find(|own| own.id == by);
            let other = other.unwrap_or_else(|| panic!("{}: no rule is called {by}", rule.id));
            let back = other.rivals.iter().any(|own| own.rule == Some(rule.id));
            assert!(!back, "{} and {by} would explain each other away", rule.id);
        }
    }
}

/// Every rule that reads a symptom says what else makes it; those that read a fact have no other cause.
#[test]
fn rules_without_a_rival_are_named() {
    let without = rules()
        .filter(|own| own.rivals.is_empty())
        .map(|own| own.id);
    let without: Vec<&str> = without.collect();
    insta::assert_snapshot!(without.join(" "));
}
