//! Reads single members of a zip on a web server by HTTP range requests.

use std::io::{self, Read, Seek, SeekFrom};

use ureq::Agent;

/// One request fetches at least this much: the members wanted are small and many.
const BLOCK_BYTES: u64 = 64 << 10;
/// Blocks kept; the directory of an archive of Go has about 20.
const MOST_BLOCKS: usize = 48;
/// A larger archive is none of Go.
const MOST_BYTES: u64 = 1 << 30;
/// How often a request is sent before the archive counts as out of reach.
const TRIES: usize = 3;

/// A file on a server that can be read from anywhere in it.
#[derive(Debug)]
pub(super) struct RemoteFile<'a> {
    agent: &'a Agent,
    url: String,
    length_bytes: u64,
    at: u64,
    blocks: Vec<(u64, Vec<u8>)>,
}

impl<'a> RemoteFile<'a> {
    /// Asks for the length.
    pub(super) fn open(agent: &'a Agent, url: String) -> io::Result<Self> {
        let response = agent.head(&url).call().map_err(io::Error::other)?;
        let length = response.headers().get("content-length");
        let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
        match length {
            Some(length_bytes) if length_bytes <= MOST_BYTES => Ok(Self {
                agent,
                url,
                length_bytes,
                at: 0,
                blocks: Vec::new(),
            }),
            _ => Err(io::Error::other(format!("{url}: no usable content length"))),
        }
    }

    /// The bytes from `start` on, at most one block of them.
    fn block(&mut self, start: u64) -> io::Result<&[u8]> {
        let first = start - start % BLOCK_BYTES;
        let held = self.blocks.iter().position(|(begin, _)| *begin == first);
        let place = match held {
            Some(place) => place,
            None => {
                let bytes = self.fetch(first)?;
                if self.blocks.len() == MOST_BLOCKS {
                    self.blocks.remove(0);
                }
                self.blocks.push((first, bytes));
                self.blocks.len() - 1
            }
        };
        let inside = usize::try_from(start - first).unwrap_or(usize::MAX);
        Ok(self.blocks[place].1.get(inside..).unwrap_or_default())
    }

    fn fetch(&self, first: u64) -> io::Result<Vec<u8>> {
        let last = (first + BLOCK_BYTES).min(self.length_bytes) - 1;
        let wanted = last - first + 1;
        let mut failure = io::Error::other("not tried");
        for _ in 0..TRIES {
            let range = format!("bytes={first}-{last}");
            match self.agent.get(&self.url).header("Range", &range).call() {
                // A server that knows no ranges would send all of it.
                Ok(response) if response.status() != 206 => {
                    let answer = response.status();
                    return Err(io::Error::other(format!(
                        "{}: the server sends no ranges (it answered {answer})",
                        self.url
                    )));
                }
                Ok(response) => {
                    let mut bytes = Vec::new();
                    let reader = response.into_body().into_reader();
                    match reader.take(wanted).read_to_end(&mut bytes) {
                        Ok(_) if bytes.len() as u64 == wanted => return Ok(bytes),
                        Ok(_) => failure = io::ErrorKind::UnexpectedEof.into(),
                        Err(error) => failure = error,
                    }
                }
                Err(error) => failure = io::Error::other(error),
            }
        }
        Err(failure)
    }
}

impl Read for RemoteFile<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.length_bytes {
            return Ok(0);
        }
        let block = self.block(self.at)?;
        let count = block.len().min(into.len());
        into[..count].copy_from_slice(&block[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for RemoteFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(from) => i128::from(from),
            SeekFrom::End(by) => i128::from(self.length_bytes) + i128::from(by),
            SeekFrom::Current(by) => i128::from(self.at) + i128::from(by),
        };
        self.at = u64::try_from(target)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "seek before the start"))?;
        Ok(self.at)
    }
}
