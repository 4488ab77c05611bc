//! Enums whose values are words in files.

use crate::diagnostic::closest;

/// Makes an enum of words: one list from which reading, writing, schema and messages follow. An unknown word is an
/// error that names it.
macro_rules! words {
    (
        $(#[$about:meta])*
        pub enum $name:ident {
            $($(#[$variant_about:meta])* $variant:ident = $word:literal,)*
        }
    ) => {
        $(#[$about])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        pub enum $name {
            $($(#[$variant_about])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every word.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];

            /// The word in files.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        /// As the text that it is in files; ids of cells are hashes over it.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{:?}", self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match crate::word::one_of(text, Self::WORDS)? {
                    $($word => Ok($name::$variant),)*
                    other => Err(format!("`{other}` is no word of this list")),
                }
            }
        }
    };
}

/// The same for words that files of a newer gosweep may add to and an older one passes over: what is unknown is kept as
/// it stands.
macro_rules! open_words {
    (
        $(#[$about:meta])*
        pub enum $name:ident {
            $($(#[$variant_about:meta])* $variant:ident = $word:literal,)*
        }
    ) => {
        $(#[$about])*
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
            schemars::JsonSchema,
        )]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$variant_about])* $variant,)*
            /// A word of a newer gosweep.
            Other(String),
        }

        impl $name {
            /// The word in files.
            pub fn word(&self) -> &str {
                match self {
                    $($name::$variant => $word,)*
                    $name::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => $name::$variant,)*
                    other => $name::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                $name::from(word.as_str())
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> String {
                word.word().to_owned()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

pub(crate) use open_words;
pub(crate) use words;

/// One of a few words.
pub(crate) fn one_of(text: &str, choices: &[&'static str]) -> Result<&'static str, String> {
    if let Some(choice) = choices.iter().find(|choice| **choice == text) {
        return Ok(choice);
    }
    Err(match closest(text, choices.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of: {}", choices.join(", ")),
    })
}

/// The placeholders that gosweep fills in itself; no option may have one of these names. See
/// [`crate::target_file::placeholders`].
pub(crate) const PLACEHOLDERS: &[&str] = &["addr", "admin", "port", "tmp", "folder"];

#[cfg(test)]
mod tests {
    use crate::matrix::Engine;
    use crate::trial::RuleId;

    #[test]
    fn a_word_is_the_same_in_every_direction() {
        let json = serde_json::to_string(&Engine::H1Fast).unwrap();
        assert_eq!(json, "\"h1-fast\"");
        assert_eq!(
            serde_json::from_str::<Engine>(&json).unwrap(),
            Engine::H1Fast
        );
        assert_eq!("h1-fast".parse(), Ok(Engine::H1Fast));
        assert_eq!(
            format!("{} {:?}", Engine::Auto, Engine::Auto),
            "auto \"auto\""
        );
        for word in Engine::WORDS {
            assert_eq!(word.parse::<Engine>().unwrap().word(), *word);
        }
    }

    #[test]
    fn an_open_list_keeps_what_it_does_not_know() {
        for (json, known) in [("\"V4\"", true), ("\"V77\"", false)] {
            let rule: RuleId = serde_json::from_str(json).unwrap();
            assert_eq!(matches!(rule, RuleId::Other(_)), !known);
            assert_eq!(serde_json::to_string(&rule).unwrap(), json);
        }
    }

    #[test]
    fn an_unknown_word_is_named() {
        let error = serde_json::from_str::<Engine>("\"curl\"").unwrap_err();
        assert!(error.to_string().contains("`curl`"), "{error}");
        let fix = "h1-fats".parse::<Engine>();
        assert_eq!(fix, Err("did you mean `h1-fast`?".to_owned()));
    }
}
