//! Enums whose values are words in files.

use crate::diagnostic::closest;

/// Makes an enum of words: one list from which reading, writing, schema and
/// messages follow. An unknown word is an error that names it.
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

#[cfg(test)]
mod tests {
    use crate::matrix::Engine;

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
    fn an_unknown_word_is_named() {
        let error = serde_json::from_str::<Engine>("\"curl\"").unwrap_err();
        assert!(error.to_string().contains("`curl`"), "{error}");
        let cure = "h1-fats".parse::<Engine>();
        assert_eq!(cure, Err("did you mean `h1-fast`?".to_owned()));
    }
}
