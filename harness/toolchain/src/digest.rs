//! SHA-256 of bytes, files and trees, as lower-case hex.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

/// SHA-256 of some bytes.
pub fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a file's content.
///
/// # Errors
/// The system's, when it cannot be read.
pub fn of_file(path: &Path) -> io::Result<String> {
    let mut hashing = Hashing::new(io::sink());
    copy(&mut File::open(path)?, &mut hashing)?;
    Ok(hashing.finish().0)
}

/// Relative path to SHA-256 for every regular file below `root`. Anything that is neither a folder nor a regular file
/// is an error.
pub(crate) fn of_tree(root: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut digests = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                let name = path.strip_prefix(root).map_err(io::Error::other)?;
                let name = name
                    .to_str()
                    .ok_or_else(|| io::Error::other("a file name is no UTF-8"))?;
                digests.insert(name.to_owned(), of_file(&path)?);
            } else {
                return Err(io::Error::other(format!(
                    "{} is no regular file",
                    path.display()
                )));
            }
        }
    }
    Ok(digests)
}

/// One digest over the names and contents of all files of a tree.
pub(crate) fn of_named_tree(root: &Path) -> io::Result<String> {
    let lines: String = of_tree(root)?
        .iter()
        .map(|(name, sum)| format!("{sum}  {name}\n"))
        .collect();
    Ok(of_bytes(lines.as_bytes()))
}

/// Copies with a buffer that makes unoptimised builds bearable.
pub(crate) fn copy(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<u64> {
    let mut buffer = vec![0; 256 << 10];
    let mut copied = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(&buffer[..count])?;
        copied += count as u64;
    }
}

/// Hashes what is written through it.
pub(crate) struct Hashing<W> {
    inner: W,
    hasher: Sha256,
}

impl<W: Write> Hashing<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
        }
    }

    /// The digest and the writer below.
    pub(crate) fn finish(self) -> (String, W) {
        (hex(&self.hasher.finalize()), self.inner)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Is this 64 lower-case hex digits?
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Hex to URL-safe base64 without padding: the form that wheels use in RECORD
/// (<https://packaging.python.org/en/latest/specifications/recording-installed-packages/>).
pub(crate) fn hex_to_base64_url(hex: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let nibbles: Vec<u32> = hex.chars().map(|c| c.to_digit(16).unwrap_or(0)).collect();
    // Three nibbles make two base64 characters.
    nibbles
        .chunks(3)
        .flat_map(|chunk| {
            let at = |index: usize| chunk.get(index).copied().unwrap_or(0);
            let bits = at(0) << 8 | at(1) << 4 | at(2);
            let characters = if chunk.len() == 1 { 1 } else { 2 };
            [bits >> 6, bits & 63].into_iter().take(characters)
        })
        .map(|six| char::from(ALPHABET[six as usize]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers: FIPS 180-2 appendix B.1, and `printf abc | openssl dgst -sha256 -binary | basenc --base64url`.
    #[test]
    fn known_answers() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(of_bytes(b"abc"), abc);
        assert_eq!(
            hex_to_base64_url(abc),
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
        );
        assert!(is_sha256(abc));
        assert!(!is_sha256(&abc.to_uppercase()) && !is_sha256(&abc[1..]));
    }

    #[test]
    fn a_tree_lists_every_file_and_refuses_links() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::fs::write(folder.path().join("sub/a"), "abc").unwrap();
        let tree = of_tree(folder.path()).unwrap();
        assert_eq!(
            tree.into_iter().collect::<Vec<_>>(),
            [("sub/a".to_owned(), of_bytes(b"abc"))]
        );
        std::os::unix::fs::symlink("a", folder.path().join("sub/link")).unwrap();
        assert!(of_tree(folder.path()).is_err());
    }
}
