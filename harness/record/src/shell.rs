//! Words as a POSIX shell takes them.

/// A word that a shell reads back as it is; quoted only where it must be.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quotes_only_what_needs_it() {
        assert_eq!(
            quoted("matrices/quickstart.yaml"),
            "matrices/quickstart.yaml"
        );
        assert_eq!(quoted("it's here"), r"'it'\''s here'");
        assert_eq!(quoted(""), "''");
    }
}
