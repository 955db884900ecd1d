// SPDX-License-Identifier: MPL-2.0
//! When a frame is shown, and whether it is the same picture as the one before.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{FrameView, Shape};

/// Numbers pictures, so that those of different watches never meet.
static PICTURES: AtomicU64 = AtomicU64::new(1);

/// One picture, whatever frames show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureId(NonZeroU64);

/// A frame's place in its stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FramePosition {
    /// When it is shown, on one time line for all frames; `None` where nobody knows.
    pub time: Option<Duration>,
    /// Whether it follows on the frame before: no break between them, and time runs forward.
    pub continuous: bool,
    /// Which picture it shows; `None` where nobody watches.
    pub picture: Option<PictureId>,
}

impl FramePosition {
    /// How far this position is from another; zero where a time is unknown.
    pub fn distance(&self, other: &Self) -> Duration {
        match (self.time, other.time) {
            (Some(a), Some(b)) => a.abs_diff(b),
            _ => Duration::ZERO,
        }
    }

    /// Whether both are known to show different pictures.
    pub fn differs(&self, other: &Self) -> bool {
        self.picture
            .zip(other.picture)
            .is_some_and(|(one, other)| one != other)
    }
}

/// A frame of one's own, tightly packed; room once made is used again.
#[derive(Debug, Default)]
pub struct FrameCopy {
    shape: Option<Shape>,
    bytes: Vec<u8>,
}

impl FrameCopy {
    /// Copies a frame.
    pub fn take(&mut self, frame: &FrameView<'_>) {
        self.shape = Some(*frame.shape());
        self.bytes.clear();
        rows(frame).for_each(|row| self.bytes.extend_from_slice(row));
    }

    /// The frame; `None` before the first.
    pub fn view(&self) -> Option<FrameView<'_>> {
        FrameView::packed(self.shape?, &self.bytes).ok()
    }
}

/// Knows a frame that shows the same picture as the one before, byte for byte.
///
/// It keeps a copy: a frozen picture comes in a fresh buffer as often as not, and a recycled buffer holds another
/// picture. A frame that differs is known at the first byte that does.
#[derive(Debug, Default)]
pub struct ChangeDetector {
    shape: Option<Shape>,
    bytes: Vec<u8>,
    picture: Option<PictureId>,
}

impl ChangeDetector {
    /// The picture of this frame: that of the frame before, or a new one.
    pub fn look(&mut self, frame: &FrameView<'_>) -> PictureId {
        let shape = Some(*frame.shape());
        if self.shape != shape {
            self.shape = shape;
            self.picture = None;
            self.bytes.resize(frame.shape().packed_len(), 0);
        }
        let (mut rest, known) = (&mut self.bytes[..], self.picture);
        let mut rows = rows(frame).map(|row| {
            let (kept, after) = std::mem::take(&mut rest).split_at_mut(row.len());
            rest = after;
            (row, kept)
        });
        let new = rows.find(|(row, kept)| known.is_none() || *row != &**kept);
        if let (None, Some(picture)) = (&new, known) {
            return picture;
        }
        // The rows before this one are equal.
        new.into_iter()
            .chain(rows)
            .for_each(|(row, kept)| kept.copy_from_slice(row));
        *self.picture.insert(PictureId::new())
    }
}

/// The visible rows of every plane, plane after plane.
fn rows<'a>(frame: &FrameView<'a>) -> impl Iterator<Item = &'a [u8]> {
    let frame = *frame;
    (0..frame.format().planes()).flat_map(move |plane| {
        let (_, rows) = frame.shape().plane_size(plane);
        (0..rows).map(move |y| frame.plane_row(plane, y))
    })
}

impl PictureId {
    fn new() -> Self {
        let number = PICTURES.fetch_add(1, Ordering::Relaxed);
        Self(NonZeroU64::new(number).unwrap_or(NonZeroU64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::PixelFormat;

    fn look(detector: &mut ChangeDetector, width: usize, stride: usize, bytes: &[u8]) -> PictureId {
        detector.look(&FrameView::new(PixelFormat::Rgb, width, 2, stride, bytes).unwrap())
    }

    #[test]
    fn every_visible_byte_counts_and_no_other() {
        let mut detector = ChangeDetector::default();
        let mut bytes = [7u8; 16];
        let first = look(&mut detector, 2, 8, &bytes);
        assert_eq!(look(&mut detector, 2, 8, &bytes), first);
        // Padding of the first row, and of another stride.
        bytes[6] = 0;
        assert_eq!(look(&mut detector, 2, 8, &bytes), first);
        assert_eq!(look(&mut detector, 2, 6, &[7; 12]), first);
        for visible in [0, 5, 8, 13] {
            let before = look(&mut detector, 2, 8, &bytes);
            bytes[visible] ^= 1;
            let after = look(&mut detector, 2, 8, &bytes);
            assert_ne!(after, before, "byte {visible}");
            assert_eq!(look(&mut detector, 2, 8, &bytes), after, "byte {visible}");
        }
    }

    #[test]
    fn planes_of_colour_count_too() {
        for format in [PixelFormat::I420, PixelFormat::Nv12] {
            let shape = Shape::new(format, (3, 3));
            let mut bytes = vec![7u8; shape.packed_len()];
            let mut detector = ChangeDetector::default();
            let mut look = |bytes: &[u8]| detector.look(&FrameView::packed(shape, bytes).unwrap());
            let first = look(&bytes);
            assert_eq!(look(&bytes), first);
            *bytes.last_mut().unwrap() ^= 1;
            assert_ne!(look(&bytes), first, "{format:?}");
            let mut copy = FrameCopy::default();
            copy.take(&FrameView::packed(shape, &bytes).unwrap());
            assert_eq!(copy.bytes, bytes);
            assert_eq!(copy.view().unwrap().shape(), &shape);
        }
    }

    #[test]
    fn another_shape_is_another_picture() {
        let mut detector = ChangeDetector::default();
        let one = look(&mut detector, 2, 6, &[7; 12]);
        assert_ne!(look(&mut detector, 1, 6, &[7; 12]), one);
        assert_ne!(look(&mut detector, 2, 6, &[7; 12]), one, "it was forgotten since");
    }

    #[test]
    fn a_copy_is_the_visible_frame() {
        let mut copy = FrameCopy::default();
        assert!(copy.view().is_none());
        let bytes: Vec<u8> = (0..16).collect();
        for width in [2, 1] {
            let frame = FrameView::new(PixelFormat::Rgb, width, 2, 8, &bytes).unwrap();
            copy.take(&frame);
            let view = copy.view().unwrap();
            assert_eq!(view.size(), (width, 2));
            assert!((0..2).all(|y| view.row(y) == frame.row(y)));
        }
    }

    #[test]
    fn two_watches_never_agree() {
        let [one, other] = [(); 2].map(|()| look(&mut ChangeDetector::default(), 2, 6, &[7; 12]));
        assert_ne!(one, other);
    }

    #[test]
    fn age_has_no_sign_and_needs_both_times() {
        let at = |ms: Option<u64>| FramePosition {
            time: ms.map(Duration::from_millis),
            ..FramePosition::default()
        };
        assert_eq!(at(Some(40)).distance(&at(Some(100))), Duration::from_millis(60));
        assert_eq!(at(Some(100)).distance(&at(Some(40))), Duration::from_millis(60));
        assert_eq!(at(None).distance(&at(Some(40))), Duration::ZERO);
    }
}
