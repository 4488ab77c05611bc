//! What every export says above its settings: the evidence, where it stops being valid, how to take it back.

use documents::export::{Export, Variable};

/// Columns of a comment's line.
const WIDTH: usize = 100;

/// The comment at the top. `undo` says how this format is taken back.
pub(super) fn head(export: &Export, lead: &str, undo: &str) -> String {
    let mut text = String::new();
    let mut say = |words: &str| text.push_str(&lines(words, lead, ""));
    let cell = &export.cell.label;
    match export.undo {
        false if export.recommended => {
            say(&format!("gosweep recommends for {}: {cell}", export.target));
        }
        false => say(&format!(
            "Not recommended by gosweep, exported because it was asked for, for {}: {cell}",
            export.target
        )),
        true => say(&format!("Takes back {cell} for {}", export.target)),
    }
    say(&format!("From run {}, by {}.", export.run, export.tool));
    section(
        &mut text,
        lead,
        "Measured against the control of the same blocks:",
        &export.effects,
    );
    section(&mut text, lead, "Valid for:", &export.valid_for);
    section(&mut text, lead, "Before it goes out:", &export.cautions);
    section(
        &mut text,
        lead,
        "NOT IN THIS FILE, and part of what was measured:",
        &export.elsewhere,
    );
    if !export.undo {
        text.push_str(&lines(&format!("Rollout: {}", export.rollout), lead, ""));
        text.push_str(&lines(&format!("Rollback: {}", export.rollback), lead, ""));
        text.push_str(&lines(&format!("Undo: {undo}"), lead, ""));
    }
    text
}

fn section(text: &mut String, lead: &str, title: &str, points: &[String]) {
    if points.is_empty() {
        return;
    }
    text.push_str(&lines(title, lead, ""));
    for point in points {
        text.push_str(&lines(&format!("- {point}"), lead, "  "));
    }
}

/// What justifies a variable, above its line.
pub(super) fn because(variable: &Variable, lead: &str) -> String {
    let words = format!("{}: {}", variable.name, variable.because.join("; "));
    lines(&words, lead, "")
}

/// Words as lines of a comment, broken at blanks; nothing in them ends the comment.
pub(super) fn lines(words: &str, lead: &str, indent: &str) -> String {
    let clean: String = words
        .chars()
        .map(|c| if is_break(c) { ' ' } else { c })
        .collect();
    let mut text = String::new();
    let mut line = String::new();
    for word in clean.split_whitespace() {
        let used = lead.len() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && used > WIDTH {
            text.push_str(&format!("{lead}{line}\n"));
            line = indent.to_owned();
        }
        if !line.trim().is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.trim().is_empty() {
        text.push_str(&format!("{lead}{line}\n"));
    }
    text
}

/// What ends a line in any of the formats: controls, and what YAML 1.1 and others take for a line's end.
fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn no_word_leaves_the_comment() {
        let text = lines("a\nrm -rf /\r\u{2028}b", "# ", "");
        assert_eq!(text, "# a rm -rf / b\n");
        let long = lines(&"word ".repeat(60), "# ", "  ");
        assert!(long.lines().count() > 2);
        assert!(
            long.lines()
                .all(|line| line.starts_with("# ") && line.chars().count() <= 100)
        );
    }
}
