//! Files that nobody should write: however large, deep or odd, they end in findings, and soon.

use proptest::prelude::*;
use record::matrix::Matrix;
use record::target_file::Target;

const HEAD: &str = "name: x\ntargets: [httpjson]\nload: {saturate: 1s}\n";

fn errors(text: &str) -> String {
    Matrix::parse("m.yaml", text)
        .expect_err("the file is bad")
        .render()
}

#[test]
fn a_file_of_ten_megabytes_is_refused_by_its_size() {
    let text = format!("{HEAD}{}", "# padding\n".repeat(1_000_000));
    let errors = errors(&text);
    assert!(errors.contains("at most 262144 are read"), "{errors}");
    assert!(errors.len() < 1_000, "the report repeats the file");
}

#[test]
fn a_flood_of_unknown_keys_is_counted() {
    let keys: String = (0..20_000).map(|at| format!("key{at}: 1\n")).collect();
    let errors = errors(&format!("{HEAD}{keys}"));
    assert!(errors.ends_with("m.yaml: 20000 errors"), "{errors:.200}");
}

#[test]
fn one_long_line_of_findings_is_shown_in_part() {
    let values = "1, ".repeat(10_000);
    let errors = errors(&format!("{HEAD}axes: {{gogc: [{values}]}}\n"));
    assert!(errors.contains("`1` is listed twice"), "{errors:.200}");
    assert!(errors.len() < 100_000, "{} bytes of report", errors.len());
}

#[test]
fn a_flood_of_axes_is_refused_before_their_product() {
    let names: String = (0..10_000)
        .map(|at| format!("  env.N{at}: [default, a]\n"))
        .collect();
    let errors = errors(&format!("{HEAD}axes:\n{names}"));
    assert!(errors.contains("names 10000 axes"), "{errors:.300}");
}

#[test]
fn a_flood_of_values_is_refused_before_their_product() {
    let values: Vec<_> = (0..20_000).map(|at| at.to_string()).collect();
    let values = values.join(",");
    let errors = errors(&format!(
        "{HEAD}axes: {{gogc: [{values}]}}\ncontrol: {{gogc: 1}}\n"
    ));
    assert!(errors.contains("make 20000 cells"), "{errors:.300}");
}

#[test]
fn five_thousand_cells_are_the_most() {
    let cells = |values: usize| {
        let values: Vec<_> = (1..=values).map(|at| at.to_string()).collect();
        let values = values.join(", ");
        let text = format!("{HEAD}axes: {{gogc: [{values}]}}\ncontrol: {{gogc: 1}}\n");
        Matrix::parse("m.yaml", &text).map(|matrix| matrix.expand().cells.len())
    };
    assert_eq!(cells(5_000).unwrap(), 5_000);
    assert!(cells(5_001).is_err());
}

/// Pieces that YAML and the decoders look at closely.
fn piece() -> impl Strategy<Value = String> {
    let words = vec![
        "name",
        "targets",
        "axes",
        "exclude",
        "only",
        "control",
        "load",
        "saturate",
        "constant",
        "rate",
        "for",
        "blocks",
        "warmup",
        "rank_by",
        "constraints",
        "options",
        "env",
        "option",
        "gogc",
        "gomaxprocs",
        "godebug",
        "toolchain",
        "target",
        "httpjson",
        "build",
        "binary",
        "command",
        "requests",
        "path",
        "expect",
        "status",
        "ready",
        "{addr}",
        "{admin}",
        "1s",
        "60%",
        "100",
        "1.20",
        "off",
        "default",
        "qps",
        "p99",
        "~",
        "null",
        "true",
        "\"\"",
        "é",
        "日本",
        "\u{feff}",
        "&a",
        "*a",
        "<<",
        "!t",
        "!!str",
        "|",
        ">",
        "%",
        "@",
        "---",
        "...",
        "#",
    ];
    let signs = vec![
        ": ", ":", ", ", "[", "]", "{", "}", "- ", "\n", "\n  ", "\n    ", "\r\n", "\t", "\"", "'",
        " ", "\0", "? ",
    ];
    prop_oneof![
        3 => proptest::sample::select(words).prop_map(str::to_owned),
        4 => proptest::sample::select(signs).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_text_makes_a_decoder_panic(pieces in proptest::collection::vec(piece(), 0..40)) {
        let text = pieces.concat();
        for text in [text.clone(), format!("{HEAD}{text}")] {
            if let Err(errors) = Matrix::parse("m.yaml", &text) {
                prop_assert!(!errors.findings.is_empty());
                prop_assert!(errors.render().contains("m.yaml:"));
            }
            if let Err(errors) = Target::parse("t.yaml", &text) {
                prop_assert!(!errors.findings.is_empty());
                prop_assert!(errors.render().contains("t.yaml:"));
            }
        }
    }
}
