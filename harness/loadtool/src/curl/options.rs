//! Takes options and their values from the words of a command.

use super::table::{Meaning, Sent, TABLE};

/// One option as it stands in a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    /// As it was written, for messages.
    pub(super) name: String,
    pub(super) meaning: Meaning,
    /// Empty for a flag.
    pub(super) value: String,
    /// False for `--no-…`.
    pub(super) is_on: bool,
}

/// The options of a command, in their order; words by themselves are URLs.
///
/// # Errors
/// An option that curl has not, and one that stands without its value.
pub(super) fn read(words: Vec<String>) -> Result<Vec<Given>, String> {
    let mut words = words.into_iter();
    let mut given = Vec::new();
    let mut only_urls = false;
    while let Some(word) = words.next() {
        if only_urls || word == "-" || !word.starts_with('-') {
            given.push(Given {
                name: String::new(),
                meaning: Meaning::Sent(Sent::Url),
                value: word,
                is_on: true,
            });
        } else if word == "--" {
            only_urls = true;
        } else if let Some(long) = word.strip_prefix("--") {
            given.push(long_option(long, &mut words)?);
        } else {
            short_options(&word[1..], &mut words, &mut given)?;
        }
    }
    Ok(given)
}

fn long_option(long: &str, words: &mut impl Iterator<Item = String>) -> Result<Given, String> {
    let find = |name: &str| TABLE.iter().find(|row| row.long == name);
    let name = format!("--{long}");
    let (row, is_on) = match (find(long), long.strip_prefix("no-").and_then(find)) {
        (Some(row), _) => (row, true),
        (None, Some(row)) if !row.has_value => (row, false),
        _ => return Err(unknown(&name)),
    };
    Ok(Given {
        meaning: row.meaning,
        value: if row.has_value {
            next_value(&name, words)?
        } else {
            String::new()
        },
        name,
        is_on,
    })
}

/// `-sSXPOST`: flags, of which the last may have a value behind it or in the next word.
fn short_options(
    letters: &str,
    words: &mut impl Iterator<Item = String>,
    given: &mut Vec<Given>,
) -> Result<(), String> {
    for (at, letter) in letters.char_indices() {
        let name = format!("-{letter}");
        let row = TABLE
            .iter()
            .find(|row| row.short == Some(letter))
            .ok_or_else(|| unknown(&name))?;
        let rest = &letters[at + letter.len_utf8()..];
        let value = match (row.has_value, rest) {
            (false, _) => String::new(),
            (true, "") => next_value(&name, words)?,
            (true, rest) => rest.to_owned(),
        };
        given.push(Given {
            name,
            meaning: row.meaning,
            value,
            is_on: true,
        });
        if row.has_value {
            break;
        }
    }
    Ok(())
}

fn next_value(name: &str, words: &mut impl Iterator<Item = String>) -> Result<String, String> {
    words
        .next()
        .ok_or_else(|| format!("curl's {name} stands without its value"))
}

fn unknown(name: &str) -> String {
    format!(
        "curl's {name} is not known and cannot be carried over; leave it out, or use the options of gosweep load"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names(text: &str) -> Vec<(String, String)> {
        let words = text.split(' ').map(str::to_owned).collect();
        let given = read(words).unwrap().into_iter();
        given.map(|given| (given.name, given.value)).collect()
    }

    #[test]
    fn short_options_stand_together_or_with_their_value() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            names("-sSXPOST -m 2"),
            [
                pair("-s", ""),
                pair("-S", ""),
                pair("-X", "POST"),
                pair("-m", "2")
            ]
        );
        assert_eq!(
            names("--no-buffer -d@f h -- -x"),
            [
                pair("--no-buffer", ""),
                pair("-d", "@f"),
                pair("", "h"),
                pair("", "-x")
            ]
        );
        assert!(!read(vec!["--no-compressed".into()]).unwrap()[0].is_on);
    }

    #[test]
    fn what_curl_has_not_is_refused_by_name() {
        for word in ["--datas", "--data=x", "--no-data", "-W"] {
            assert!(
                read(vec![word.into()])
                    .unwrap_err()
                    .contains(word.split('=').next().unwrap()),
                "{word}"
            );
        }
        assert!(
            read(vec!["-sH".into()])
                .unwrap_err()
                .contains("-H stands without")
        );
    }

    #[test]
    fn no_option_stands_twice() {
        let longs: BTreeSet<_> = TABLE.iter().map(|row| row.long).collect();
        assert_eq!(longs.len(), TABLE.len());
        let shorts: Vec<_> = TABLE.iter().filter_map(|row| row.short).collect();
        assert_eq!(shorts.iter().collect::<BTreeSet<_>>().len(), shorts.len());
    }
}
