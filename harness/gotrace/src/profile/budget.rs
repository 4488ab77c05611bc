//! What a profile takes in memory once it is decoded, told before it is: two bytes on the wire may become a hundred.

use crate::Error;

/// Most memory that a decoded profile may take. A CPU profile of an hour with labels stays below a tenth of it.
pub const MOST_DECODED_BYTES: usize = 256 << 20;

/// What an empty message of each kind takes, by its field in a profile and by its field in that: sizes of the types in
/// [`super::wire`] and of what [`super::model`] makes of them.
const fn cost(outer: u64, inner: Option<u64>) -> usize {
    match (outer, inner) {
        // A sample; its locations and values are numbers, its labels messages.
        (2, None) => 160,
        (2, Some(3)) => 32 + 80,
        // A location and its lines.
        (4, None) => 48 + 64,
        (4, Some(4)) => 16 + 80,
        // A function; a string.
        (5, None) => 32 + 64,
        (6, None) => 24,
        // A value type, whatever else.
        (_, None) => 64,
        _ => 8,
    }
}

/// Checks that a profile in protobuf form stays within [`MOST_DECODED_BYTES`].
///
/// # Errors
/// [`Error::TooLarge`]. What is broken is left to the decoder to name.
pub(super) fn check(message: &[u8]) -> Result<(), Error> {
    let mut sum = 0_usize;
    let mut rest = message;
    while let Some((outer, body)) = field(&mut rest) {
        sum += cost(outer, None);
        if let Some(mut body) = body {
            // Packed numbers take a byte each on the wire and eight in memory, and again in a frame's stack.
            sum += if matches!(outer, 2 | 13) {
                0
            } else {
                body.len()
            };
            if matches!(outer, 2 | 4) {
                while let Some((inner, content)) = field(&mut body) {
                    sum +=
                        cost(outer, Some(inner)) + content.map_or(0, |content| content.len() * 12);
                    if sum > MOST_DECODED_BYTES {
                        break;
                    }
                }
            }
        }
        if sum > MOST_DECODED_BYTES {
            return Err(Error::TooLarge {
                what: "the decoded profile",
                limit_bytes: MOST_DECODED_BYTES as u64,
            });
        }
    }
    Ok(())
}

/// The next field of a message: its number, and its bytes if it has any. `None` at the end or where it is broken.
fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Option<&'a [u8]>)> {
    let key = number(rest)?;
    let body = match key & 7 {
        0 => {
            number(rest)?;
            None
        }
        1 => {
            *rest = rest.get(8..)?;
            None
        }
        2 => {
            let length = usize::try_from(number(rest)?).ok()?;
            let body = rest.get(..length)?;
            *rest = &rest[length..];
            Some(body)
        }
        5 => {
            *rest = rest.get(4..)?;
            None
        }
        _ => return None,
    };
    Some((key >> 3, body))
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}
