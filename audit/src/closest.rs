// SPDX-License-Identifier: MPL-2.0
//! The least visible edit that changed the answer for a frame and target, as one picture of three: the frame, the edit,
//! and their difference.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use steerlens_files::Picture;

/// The longer side of each of the three: small ones are enlarged by a whole factor towards it, large ones reduced.
const SIDE: u32 = 480;
/// How much the difference is enlarged.
pub(crate) const TIMES: u16 = 8;

/// The picture's path beside the strip of this path.
pub(crate) fn path(strip: &str) -> String {
    format!("{}.closest.png", strip.strip_suffix(".png").unwrap_or(strip))
}

/// The three side by side. The difference is its size, so that it does not cancel where pictures are reduced: black where
/// nothing changed.
pub(crate) fn panels(frame: &Picture, edit: &Picture) -> RgbImage {
    side_by_side(frame.shown(), edit.shown())
}

fn side_by_side(frame: RgbImage, edit: RgbImage) -> RgbImage {
    let (width, height) = frame.dimensions();
    let difference = RgbImage::from_fn(width, height, |x, y| {
        let (before, after) = (frame.get_pixel(x, y), edit.get_pixel(x, y));
        let of = |channel: usize| {
            let change = u16::from(before[channel].abs_diff(after[channel])) * TIMES;
            change.min(255) as u8
        };
        Rgb([of(0), of(1), of(2)])
    });
    let panels = [frame, edit, difference].map(|panel| scaled(&panel));
    let (width, height) = panels[0].dimensions();
    let mut all = RgbImage::new(3 * width, height);
    for (at, panel) in panels.iter().enumerate() {
        imageops::replace(&mut all, panel, (at as u32 * width).into(), 0);
    }
    all
}

fn scaled(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longer = width.max(height).max(1);
    if longer > SIDE {
        let scaled = |extent: u32| (extent * SIDE / longer).max(1);
        return imageops::resize(picture, scaled(width), scaled(height), FilterType::Triangle);
    }
    let factor = (SIDE / 2 / longer).max(1);
    RgbImage::from_fn(width * factor, height * factor, |x, y| {
        *picture.get_pixel(x / factor, y / factor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_its_size_eight_times() {
        let frame = RgbImage::from_pixel(300, 200, Rgb([100, 100, 100]));
        let edit = RgbImage::from_fn(300, 200, |x, _| match x {
            0..100 => Rgb([100, 100, 100]),
            100..200 => Rgb([101, 98, 100]),
            _ => Rgb([200, 0, 100]),
        });
        let all = side_by_side(frame, edit);
        assert_eq!(all.dimensions(), (900, 200));
        let difference = |x: u32| all.get_pixel(600 + x, 7).0;
        assert_eq!(
            [difference(50), difference(150), difference(250)],
            [[0, 0, 0], [8, 16, 0], [255, 255, 0]]
        );
        assert_eq!(all.get_pixel(450, 7).0, [101, 98, 100]);
        assert_eq!(path("strips/a.png.3.png"), "strips/a.png.3.closest.png");
    }
}
