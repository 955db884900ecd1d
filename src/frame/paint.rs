// SPDX-License-Identifier: MPL-2.0
//! Colours into frames: whole pictures, and drawings with alpha laid over a picture.

use crate::simd::{Isa, Simd, Task};

use super::format::with_layout;
use super::luma::{WHITE, luma_of};
use super::{Error, FrameView, FrameViewMut, PixelFormat, Rect, Shape};

/// Writes a picture of red, green and blue bytes, row after row; alpha and unused bytes are those of `frame`. A grey
/// frame takes the luma; colour differences of half the size take the mean of their pixels.
///
/// # Errors
/// When `out` differs from `frame` in size or format.
pub(crate) fn write_colours(
    colours: &[[u8; 3]],
    frame: &FrameView<'_>,
    out: &mut FrameViewMut<'_>,
) -> Result<(), Error> {
    frame.shape().expect(out.shape())?;
    if frame.format().is_yuv() {
        write_yuv(colours, out);
    } else {
        with_layout!(frame.format(), write_packed(colours, frame, out));
    }
    Ok(())
}

fn write_packed<const STEP: usize, const R: usize, const G: usize, const B: usize>(
    colours: &[[u8; 3]],
    frame: &FrameView<'_>,
    out: &mut FrameViewMut<'_>,
) {
    for (y, colours) in colours.chunks_exact(frame.width()).enumerate() {
        let (sources, _) = frame.row(y).as_chunks::<STEP>();
        let (written, _) = out.row_mut(y).as_chunks_mut::<STEP>();
        for ((colour, source), written) in colours.iter().zip(sources).zip(written) {
            let mut pixel = *source;
            if STEP == 1 {
                pixel[0] = luma_of(colour.map(f32::from)).round() as u8;
            } else {
                [pixel[R], pixel[G], pixel[B]] = *colour;
            }
            *written = pixel;
        }
    }
}

fn write_yuv(colours: &[[u8; 3]], out: &mut FrameViewMut<'_>) {
    let (shape, (width, height)) = (*out.shape(), out.size());
    let yuv = |colour: [u8; 3]| {
        shape
            .colorimetry
            .of_rgb(colour.map(|byte| f32::from(byte) / WHITE))
    };
    for (y, colours) in colours.chunks_exact(width).enumerate() {
        let row = out.row_mut(y);
        row.iter_mut()
            .zip(colours)
            .for_each(|(byte, colour)| *byte = yuv(*colour)[0].round() as u8);
    }
    let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
    for y in 0..half_height {
        for x in 0..half_width {
            let (mut sums, mut count) = ([0.0; 2], 0.0);
            for at in block((x, y), (width, height)) {
                let [_, cb, cr] = yuv(colours[at]);
                sums = [sums[0] + cb, sums[1] + cr];
                count += 1.0;
            }
            let [cb, cr] = sums.map(|sum| (sum / count).round() as u8);
            put_chroma(out, (x, y), [cb, cr]);
        }
    }
}

/// The pixels that one pair of colour differences stands for.
fn block((x, y): (usize, usize), (width, height): (usize, usize)) -> impl Iterator<Item = usize> {
    let (columns, rows) = (2 * x..(2 * x + 2).min(width), 2 * y..(2 * y + 2).min(height));
    rows.flat_map(move |row| columns.clone().map(move |column| row * width + column))
}

fn put_chroma(out: &mut FrameViewMut<'_>, (x, y): (usize, usize), [cb, cr]: [u8; 2]) {
    if out.format() == PixelFormat::Nv12 {
        out.plane_row_mut(1, y)[2 * x..][..2].copy_from_slice(&[cb, cr]);
    } else {
        out.plane_row_mut(1, y)[x] = cb;
        out.plane_row_mut(2, y)[x] = cr;
    }
}

/// A drawing with alpha, made ready for frames of one format: laying it over a picture is one loop over bytes,
/// whatever the format.
#[derive(Debug, Clone)]
pub(crate) struct Overlay {
    shape: Shape,
    /// What is added to each byte, in the layout of the format, planes and rows one after the other.
    added: Vec<u8>,
    /// How much of each byte is kept, in 255ths.
    kept: Vec<u8>,
}

impl Overlay {
    /// Of red, green, blue and alpha (not premultiplied), row after row, for frames like `like`.
    ///
    /// # Errors
    /// When the drawing is empty.
    pub(crate) fn new(drawing: &[[u8; 4]], size: (usize, usize), like: &Shape) -> Result<Self, Error> {
        let shape = like.resized(size);
        let len = shape.packed_len();
        let (mut added, mut kept) = (vec![0; len], vec![255; len]);
        let mut add = FrameViewMut::packed(shape, &mut added)?;
        let mut keep = FrameViewMut::packed(shape, &mut kept)?;
        let colours: Vec<[u8; 3]> = drawing.iter().map(|[r, g, b, _]| [*r, *g, *b]).collect();
        if shape.format.is_yuv() {
            write_yuv(&colours, &mut add);
            for (y, row) in drawing.chunks_exact(size.0).enumerate() {
                let bytes = keep.row_mut(y).iter_mut().zip(row);
                bytes.for_each(|(byte, [.., alpha])| *byte = 255 - alpha);
            }
            for y in 0..size.1.div_ceil(2) {
                for x in 0..size.0.div_ceil(2) {
                    let pixels = || block((x, y), size).map(|at| (255 - drawing[at][3]) as usize);
                    let kept = (pixels().sum::<usize>() / pixels().count().max(1)) as u8;
                    put_chroma(&mut keep, (x, y), [kept; 2]);
                }
            }
        } else {
            let source = vec![0; len];
            let source = FrameView::packed(shape, &source)?;
            with_layout!(shape.format, write_packed(&colours, &source, &mut add));
            with_layout!(shape.format, keep_packed(drawing, &mut keep));
        }
        for (add, keep) in added.iter_mut().zip(&kept) {
            *add = (u32::from(*add) * u32::from(255 - keep) / 255) as u8;
        }
        Ok(Self { shape, added, kept })
    }

    /// Width and height.
    pub(crate) fn size(&self) -> (usize, usize) {
        self.shape.size()
    }

    /// Lays the drawing over a picture, its upper left corner at `at`; even numbers where colour differences have
    /// half the size. Where it does not fit nothing happens.
    pub(crate) fn draw(&self, at: (usize, usize), out: &mut FrameViewMut<'_>) {
        let rect = Rect {
            x: at.0,
            y: at.1,
            width: self.shape.width,
            height: self.shape.height,
        };
        let like = out.shape().format == self.shape.format;
        let Some(mut part) = out.crop(rect).filter(|_| like) else {
            return;
        };
        let mut start = 0;
        for plane in 0..self.shape.format.planes() {
            let (row, rows) = self.shape.plane_size(plane);
            for y in 0..rows {
                Simd::best().run(Blend {
                    added: &self.added[start..start + row],
                    kept: &self.kept[start..start + row],
                    bytes: part.plane_row_mut(plane, y),
                });
                start += row;
            }
        }
    }
}

fn keep_packed<const STEP: usize, const R: usize, const G: usize, const B: usize>(
    drawing: &[[u8; 4]],
    keep: &mut FrameViewMut<'_>,
) {
    let width = keep.width();
    for (y, row) in drawing.chunks_exact(width).enumerate() {
        let (pixels, _) = keep.row_mut(y).as_chunks_mut::<STEP>();
        for (pixel, [.., alpha]) in pixels.iter_mut().zip(row) {
            for channel in [R, G, B] {
                pixel[channel] = 255 - alpha;
            }
        }
    }
}

struct Blend<'a> {
    added: &'a [u8],
    kept: &'a [u8],
    bytes: &'a mut [u8],
}

impl Task for Blend<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        for ((byte, added), kept) in self.bytes.iter_mut().zip(self.added).zip(self.kept) {
            // x / 255, rounded, for x up to 255^2.
            let product = u16::from(*byte) * u16::from(*kept) + 128;
            let share = (product + (product >> 8)) >> 8;
            *byte = added.saturating_add(share as u8);
        }
    }
}
