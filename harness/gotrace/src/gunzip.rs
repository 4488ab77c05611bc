//! Unpacks gzip with a bound on what comes out.

use std::io::Read;

use flate2::bufread::GzDecoder;
use flate2::read::MultiGzDecoder;

use crate::Error;

/// Unpacks `bytes`, all members of them. `what` names it in errors.
///
/// # Errors
/// [`Error::TooLarge`] if more than `limit_bytes` come out, however small the input; [`Error::Gzip`] if it is broken or
/// cut off.
pub fn gunzip(bytes: &[u8], limit_bytes: usize, what: &'static str) -> Result<Vec<u8>, Error> {
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes)
        .take((limit_bytes as u64).saturating_add(1))
        .read_to_end(&mut plain)
        .map_err(|error| Error::Gzip {
            what,
            why: error.to_string(),
        })?;
    if plain.len() > limit_bytes {
        return Err(Error::TooLarge {
            what,
            limit_bytes: limit_bytes as u64,
        });
    }
    Ok(plain)
}

/// Unpacks the members of a gzip one by one: files that were written behind one another.
///
/// # Errors
/// As [`gunzip`]; the bound is on all of them together.
pub(crate) fn gunzip_members(
    bytes: &[u8],
    limit_bytes: usize,
    what: &'static str,
) -> Result<Vec<Vec<u8>>, Error> {
    const MAGIC: &[u8] = &[0x1f, 0x8b];
    let mut members = Vec::new();
    let mut rest = bytes;
    let mut room = limit_bytes;
    while rest.starts_with(MAGIC) {
        let mut plain = Vec::new();
        let mut decoder = GzDecoder::new(rest);
        decoder
            .by_ref()
            .take((room as u64).saturating_add(1))
            .read_to_end(&mut plain)
            .map_err(|error| Error::Gzip {
                what,
                why: error.to_string(),
            })?;
        room = room.checked_sub(plain.len()).ok_or(Error::TooLarge {
            what,
            limit_bytes: limit_bytes as u64,
        })?;
        rest = decoder.into_inner();
        members.push(plain);
    }
    Ok(members)
}
