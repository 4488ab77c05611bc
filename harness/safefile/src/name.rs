//! Names in records: plain, relative, within the folder.

use crate::refused::Refused;

/// No record of ours has longer names; the system's own limit for a path.
const LONGEST_BYTES: usize = 4096;

/// Checks that `name` is one or several plain components below a folder: not empty, not absolute,
/// without `.`, `..`, empty components and control characters.
///
/// # Errors
/// [`Refused::Name`] with the name, control characters escaped.
pub fn check_name(name: &str) -> Result<(), Refused> {
    let plain =
        |part: &str| !matches!(part, "" | "." | "..") && !part.chars().any(char::is_control);
    match name.len() <= LONGEST_BYTES && name.split('/').all(plain) {
        true => Ok(()),
        false => {
            let start: String = name.chars().take(100).collect();
            Err(Refused::Name(start.escape_debug().to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_names_pass() {
        for name in [
            "run.json",
            "raw/0123456789ab/00-01-r1",
            "a b/c..d",
            ".hidden",
        ] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../x",
            "a/../b",
            "a/./b",
            "a//b",
            "a/",
            "a\0b",
            "a\x1bb",
        ] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        assert!(check_name(&"x/".repeat(3000)).is_err());
    }
}
