// SPDX-License-Identifier: MPL-2.0
//! A kind of network: its plain and robust drivers, its judges, and the pictures that all of them read right.

use std::path::Path;

use steerlens::morph::ColorMode;
use steerlens::{ClassifierSettings, FrameView, LensSettings, PixelFormat, Reader};

use super::Result;

/// A class, and the one that its pictures are to become.
pub(crate) type Pair = (&'static str, &'static str);

/// Pairs of neighbours, as tables and sheets have them.
pub(crate) const FACES: &[Pair] = &[
    ("neutral", "smile"),
    ("neutral", "frown"),
    ("smile", "neutral"),
    ("frown", "neutral"),
    ("smile", "frown"),
    ("neutral", "surprise"),
];
pub(crate) const CLOTHES: &[Pair] = &[
    ("T-shirt", "dress"),
    ("dress", "T-shirt"),
    ("T-shirt", "pullover"),
    ("pullover", "coat"),
    ("trousers", "dress"),
    ("sneaker", "ankle boot"),
    ("ankle boot", "sneaker"),
    ("sandal", "sneaker"),
];

/// A picture of a known class.
#[derive(Clone)]
pub(crate) struct Picture {
    pub(crate) label: usize,
    /// `LABEL-N`.
    pub(crate) name: String,
    pub(crate) format: PixelFormat,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) bytes: Vec<u8>,
}

/// The networks for one kind of picture.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) labels: Vec<String>,
    /// Plain and robust.
    pub(crate) drivers: Vec<(&'static str, Reader)>,
    pub(crate) judges: Vec<Reader>,
    pub(crate) color_mode: ColorMode,
    /// The L2 distances of the tables.
    pub(crate) budgets: [f64; 3],
    pub(crate) pictures: Vec<Picture>,
}

impl Kind {
    pub(crate) fn open(name: &'static str, pictures: &Path) -> Result<Self> {
        let (color_mode, budgets, judges): (_, _, &[&str]) = match name {
            "digits" => (ColorMode::Luma, [2.0, 4.0, 6.0], &["judge", "judge2"]),
            "clothes" => (ColorMode::Luma, [2.0, 3.5, 5.0], &["judge"]),
            "faces" => (ColorMode::Luma, [2.0, 3.0, 4.0], &["judge"]),
            _ => (ColorMode::Joint, [4.0, 8.0, 12.0], &["judge"]),
        };
        let open = |suffix: &str| reader(&format!("{name}_{suffix}"));
        let robust = open("robust")?;
        let classes = robust.classifier().classes();
        let labels = (0..classes).map(|class| robust.classifier().label(class).into_owned());
        let mut kind = Self {
            name,
            labels: labels.collect(),
            drivers: vec![("plain", open("plain")?), ("robust", robust)],
            judges: judges.iter().map(|judge| open(judge)).collect::<Result<_>>()?,
            color_mode,
            budgets,
            pictures: Vec::new(),
        };
        kind.pictures = kind.load(pictures)?;
        Ok(kind)
    }

    /// The pictures that every network reads right, in the order of their numbers, classes in turn.
    fn load(&mut self, folder: &Path) -> Result<Vec<Picture>> {
        let mut numbered = Vec::new();
        let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let Some((label, number)) = stem.rsplit_once('-') else {
                continue;
            };
            let Some(class) = self.labels.iter().position(|l| l == label) else {
                return Err(format!("{}: no class of that name", path.display()).into());
            };
            let image = image::open(&path)?;
            let (width, height) = (image.width() as usize, image.height() as usize);
            let (format, bytes) = match self.color_mode {
                ColorMode::Luma => (PixelFormat::Gray8, image.into_luma8().into_raw()),
                _ => (PixelFormat::Rgb, image.into_rgb8().into_raw()),
            };
            let number: u32 = number.parse()?;
            let picture = Picture {
                label: class,
                name: stem,
                format,
                width,
                height,
                bytes,
            };
            numbered.push((number, picture));
        }
        numbered.sort_by_key(|(number, picture)| (*number, picture.label));
        let mut pictures = Vec::new();
        for (_, picture) in numbered {
            let mut right = true;
            for reader in self.drivers.iter_mut().map(|(_, r)| r).chain(&mut self.judges) {
                right &= top_class(reader, &picture)? == picture.label;
            }
            if right {
                pictures.push(picture);
            }
        }
        Ok(pictures)
    }

    /// The class of this name.
    pub(crate) fn class(&self, label: &str) -> Result<usize> {
        let class = self.labels.iter().position(|l| l == label);
        class.ok_or_else(|| format!("no class {label}").into())
    }

    /// What the first judge takes a picture for.
    pub(crate) fn verdict(&mut self, picture: &Picture) -> Result<usize> {
        top_class(&mut self.judges[0], picture)
    }
}

impl Picture {
    /// L2 norm of the values 0..1.
    pub(crate) fn norm(&self) -> f64 {
        let squares = self.bytes.iter().map(|byte| (f64::from(*byte) / 255.0).powi(2));
        squares.sum::<f64>().sqrt()
    }

    pub(crate) fn view(&self) -> Result<FrameView<'_>> {
        let stride = self.width * self.format.bytes();
        Ok(FrameView::new(
            self.format,
            self.width,
            self.height,
            stride,
            &self.bytes,
        )?)
    }

    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let color = match self.format {
            PixelFormat::Rgb => image::ColorType::Rgb8,
            _ => image::ColorType::L8,
        };
        Ok(image::save_buffer(
            path,
            &self.bytes,
            self.width as u32,
            self.height as u32,
            color,
        )?)
    }
}

/// A network's answer.
pub(crate) fn top_class(reader: &mut Reader, picture: &Picture) -> Result<usize> {
    Ok(reader.score(&picture.view()?)?.top_class())
}

fn reader(model: &str) -> Result<Reader> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let settings = ClassifierSettings {
        model_file: models.join(format!("{model}.onnx")),
        threads: 1,
        ..Default::default()
    };
    Ok(Reader::open(&settings, &LensSettings::default())?)
}
