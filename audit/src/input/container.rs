// SPDX-License-Identifier: MPL-2.0
//! Whether a video file is as long as its container says. A demuxer that comes to the end of half a file ends as if it
//! were whole.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Boxes or chunks at the outermost level that are looked at.
const MOST: usize = 10_000;

/// What is missing of a file, in a sentence; `None` where nothing is, or the container does not say how long it is.
pub(crate) fn missing(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let announced = announced(&mut file, length).ok()??;
    (announced > length).then(|| format!("it is cut off: {length} of {announced} bytes are there"))
}

/// Where what begins last in a file would end.
fn announced(file: &mut (impl Read + Seek), length: u64) -> io::Result<Option<u64>> {
    let mut head = [0; 12];
    if length < 12 {
        return Ok(None);
    }
    file.read_exact(&mut head)?;
    match &head {
        [0x1A, 0x45, 0xDF, 0xA3, ..] => matroska(file),
        [b'R', b'I', b'F', b'F', ..] => riff(file, length),
        [.., b'f', b't', b'y', b'p', _, _, _, _] => iso(file, length),
        _ => Ok(None),
    }
}

/// ISO/IEC 14496-12, 4.2: a size of 32 bits and a type; 1: the size follows in 64 bits; 0: to the end of the file.
fn iso(file: &mut (impl Read + Seek), length: u64) -> io::Result<Option<u64>> {
    let mut at = 0;
    for _ in 0..MOST {
        if at + 8 > length {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let size = match u64::from(read_u32(file)?) {
            1 if at + 16 <= length => {
                file.seek_relative(4)?;
                read_u64(file)?
            }
            size => size,
        };
        if size < 8 {
            return Ok(None);
        }
        at = at.saturating_add(size);
    }
    Ok(Some(at))
}

/// A list of chunks, each a type and a size, little endian, and a byte of padding where that is odd. Long files have
/// several of the outermost kind.
fn riff(file: &mut (impl Read + Seek), length: u64) -> io::Result<Option<u64>> {
    let (mut at, mut end) = (0, None);
    for _ in 0..MOST {
        if at + 8 > length {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 8];
        file.read_exact(&mut head)?;
        let [kind @ .., a, b, c, d] = head;
        let size = u64::from(u32::from_le_bytes([a, b, c, d]));
        // A recording that was never ended says 0; what follows the last chunk is no chunk.
        if size == 0 || kind != *b"RIFF" {
            break;
        }
        end = Some(at + 8 + size);
        at += 8 + size + size % 2;
    }
    Ok(end)
}

/// RFC 8794: a header and a segment, each an identifier, and a size of variable length of which all ones mean that it is
/// not known.
fn matroska(file: &mut (impl Read + Seek)) -> io::Result<Option<u64>> {
    file.seek(SeekFrom::Start(4))?;
    let Some(header) = variable(file)? else {
        return Ok(None);
    };
    let segment = file.stream_position()?.saturating_add(header);
    file.seek(SeekFrom::Start(segment))?;
    if read_u32(file)? != 0x1853_8067 {
        return Ok(None);
    }
    let size = variable(file)?;
    let begin = file.stream_position()?;
    Ok(size.map(|size| begin.saturating_add(size)))
}

fn variable(file: &mut impl Read) -> io::Result<Option<u64>> {
    let mut first = [0];
    file.read_exact(&mut first)?;
    let more = first[0].leading_zeros();
    if more > 7 {
        return Ok(None);
    }
    let mask = 0x7F_u8 >> more;
    let mut value = u64::from(first[0] & mask);
    let mut ones = first[0] & mask == mask;
    for _ in 0..more {
        let mut next = [0];
        file.read_exact(&mut next)?;
        value = value << 8 | u64::from(next[0]);
        ones &= next[0] == 0xFF;
    }
    Ok((!ones).then_some(value))
}

fn read_u32(file: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

fn read_u64(file: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn of(bytes: &[u8]) -> Option<u64> {
        announced(&mut Cursor::new(bytes), bytes.len() as u64).unwrap()
    }

    #[test]
    fn containers_say_where_they_end() {
        let mut mp4 = b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x14mdat".to_vec();
        assert_eq!(of(&mp4), Some(36));
        mp4.truncate(16);
        mp4.extend(b"\0\0\0\x01mdat\0\0\0\x02\0\0\0\0rest");
        assert_eq!(of(&mp4), Some(16 + (2 << 32)));
        mp4.truncate(16);
        mp4.extend(b"\0\0\0\0mdatto the end");
        assert_eq!(of(&mp4), None);

        assert_eq!(of(b"RIFF\x0c\0\0\0AVI rest"), Some(20));
        assert_eq!(of(b"RIFF\0\0\0\0AVI rest"), None);

        let head = b"\x1a\x45\xdf\xa3\x84abcd\x18\x53\x80\x67";
        let of_size = |size: &[u8]| of(&[head, size, b"rest"].concat());
        assert_eq!(of_size(b"\x85"), Some(14 + 5));
        assert_eq!(of_size(b"\x41\x00"), Some(15 + 256));
        assert_eq!(
            of_size(b"\x01\xff\xff\xff\xff\xff\xff\xff"),
            None,
            "a live recording"
        );
        assert_eq!(of(b"no container at all"), None);
    }
}
