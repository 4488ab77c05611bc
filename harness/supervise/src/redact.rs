//! Takes secrets out of what a target writes, before it is kept.

/// What stands in a secret's place.
const REDACTED: &[u8] = b"REDACTED";

/// Shorter values, such as a port or `true`, are too common to be told from other text.
const SHORTEST_BYTES: usize = 6;

/// Takes secrets out of a stream, also where one arrives in pieces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redactor {
    /// The longest first.
    secrets: Vec<Vec<u8>>,
    /// The end of what arrived, which a secret may begin with.
    held: Vec<u8>,
}

impl Redactor {
    pub(crate) fn new(secrets: &[String]) -> Redactor {
        let mut secrets: Vec<Vec<u8>> = secrets
            .iter()
            .filter(|secret| secret.len() >= SHORTEST_BYTES)
            .map(|secret| secret.as_bytes().to_vec())
            .collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Redactor {
            secrets,
            held: Vec::new(),
        }
    }

    /// Takes the next bytes and gives those that can be told already.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut give: impl FnMut(&[u8])) {
        if self.secrets.is_empty() {
            return give(bytes);
        }
        self.held.extend_from_slice(bytes);
        let (mut given, mut at) = (0, 0);
        while at < self.held.len() {
            let rest = &self.held[at..];
            // A longer secret that may still arrive goes before a shorter one that is there.
            if self
                .secrets
                .iter()
                .any(|secret| secret.len() > rest.len() && secret.starts_with(rest))
            {
                break;
            }
            match self.secrets.iter().find(|secret| rest.starts_with(secret)) {
                Some(secret) => {
                    give(&self.held[given..at]);
                    give(REDACTED);
                    at += secret.len();
                    given = at;
                }
                None => at += 1,
            }
        }
        if at > given {
            give(&self.held[given..at]);
        }
        self.held.drain(..at);
    }

    /// Gives what was held back; no more will come.
    pub(crate) fn finish(&mut self, mut give: impl FnMut(&[u8])) {
        let mut rest = std::mem::take(&mut self.held);
        // The beginning of a longer secret may hold a shorter one whole.
        while !rest.is_empty() {
            match self.secrets.iter().find(|secret| rest.starts_with(secret)) {
                Some(secret) => {
                    give(REDACTED);
                    rest.drain(..secret.len());
                }
                None => {
                    give(&rest[..1]);
                    rest.drain(..1);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(&[
            "secret".into(),
            "secret-longer".into(),
            "abcabcabd".into(),
            "8080".into(),
        ])
    }

    const TEXT: &str = "a secret, a secret-longer\nsecret-long abcabcabcabd 8080 secre";
    const SHOWN: &str = "a REDACTED, a REDACTED\nREDACTED-long abcREDACTED 8080 secre";

    #[test]
    fn secrets_are_found_however_they_arrive() {
        for size in 1..TEXT.len() {
            let (mut redactor, mut shown) = (redactor(), Vec::new());
            for piece in TEXT.as_bytes().chunks(size) {
                redactor.feed(piece, |bytes| shown.extend_from_slice(bytes));
            }
            redactor.finish(|bytes| shown.extend_from_slice(bytes));
            assert_eq!(String::from_utf8(shown).unwrap(), SHOWN, "{size} at a time");
        }
    }

    #[test]
    fn nothing_is_held_back_that_no_secret_begins_with() {
        let (mut redactor, mut shown) = (redactor(), Vec::new());
        redactor.feed(b"gc 1 @0.1s 0%: secret\n", |bytes| {
            shown.extend_from_slice(bytes)
        });
        assert_eq!(shown, b"gc 1 @0.1s 0%: REDACTED\n");
    }
}
