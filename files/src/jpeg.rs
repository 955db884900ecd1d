// SPDX-License-Identifier: MPL-2.0
//! Whether a JPEG file goes to its end: decoders fill in gray for what is missing, and say nothing.

use std::io::{self, BufRead};

/// Looks for the marker that ends the picture (ITU-T T.81, B.1.1): behind the last scan, not in a thumbnail that lies
/// in a segment before.
pub(crate) fn is_whole(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        // In a scan, and between segments, nothing matters but the next marker.
        if reader.skip_until(0xFF)? == 0 {
            return Ok(false);
        }
        let marker = loop {
            match byte(reader)? {
                Some(0xFF) => {}
                Some(marker) => break marker,
                None => return Ok(false),
            }
        };
        match marker {
            0xD9 => return Ok(true),
            // A byte 0xFF of a scan, and markers that stand alone.
            0x00 | 0x01 | 0xD0..=0xD8 => {}
            _ => {
                let (Some(high), Some(low)) = (byte(reader)?, byte(reader)?) else {
                    return Ok(false);
                };
                let length = u64::from(u16::from_be_bytes([high, low])).saturating_sub(2);
                if io::copy(&mut io::Read::take(&mut *reader, length), &mut io::sink())? < length {
                    return Ok(false);
                }
            }
        }
    }
}

fn byte(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    let byte = reader.fill_buf()?.first().copied();
    reader.consume(usize::from(byte.is_some()));
    Ok(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> bool {
        is_whole(&mut &*bytes).unwrap()
    }

    #[test]
    fn a_picture_ends_with_its_marker_and_not_with_a_thumbnail_s() {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let noise = image::RgbImage::from_fn(40, 30, |x, y| {
            image::Rgb([(x * y) as u8, (x * 37) as u8, (y * 91) as u8])
        });
        noise.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
        let plain = bytes.into_inner();
        assert!(whole(&plain));
        // An APP1 segment that holds the whole picture once more.
        let mut nested = plain[..2].to_vec();
        nested.extend([0xFF, 0xE1]);
        nested.extend((plain.len() as u16 + 2).to_be_bytes());
        nested.extend(&plain);
        let head = nested.len();
        nested.extend(&plain[2..]);
        assert!(whole(&nested));
        for cut in [
            2,
            3,
            10,
            head - 1,
            head,
            head + 300,
            nested.len() - 2,
            nested.len() - 1,
        ] {
            assert!(!whole(&nested[..cut]), "{cut} of {}", nested.len());
        }
        nested.extend(b"what some cameras append");
        assert!(whole(&nested));
    }
}
