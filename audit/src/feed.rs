// SPDX-License-Identifier: MPL-2.0
//! From files to frames, in order, part by part.

use std::path::PathBuf;
use std::sync::Arc;

use steerlens::frame::{is_scene_cut, read_luma};
use steerlens_files::Picture;
use steerlens_files::hash;

use crate::error::{Error, Result, error};
use crate::input::{Frame, FrameInput, Input, Kind, SampleRule, Sampler, video};
use crate::journal::{FRAMES, Journal, Note, PartId};
use crate::progress::Stop;
use crate::summary;

/// What comes out of the files.
pub(crate) enum Event {
    /// A frame to audit.
    Frame(Box<Frame>),
    /// A part ends: all its frames came before.
    End(PartId, Note),
}

/// Takes events; false when no more are wanted.
pub(crate) type Sink<'a> = dyn FnMut(Event) -> bool + 'a;

/// What the files are read with.
pub(crate) struct Feed<'a> {
    pub(crate) inputs: &'a [Input],
    pub(crate) truths: &'a [Option<String>],
    pub(crate) sample: SampleRule,
    pub(crate) journal: &'a Journal,
    pub(crate) stop: &'a Stop<'a>,
    /// Told how much of all inputs is read, 0..1.
    pub(crate) progress: &'a (dyn Fn(f64) + Sync),
}

impl Feed<'_> {
    /// Sends all frames of parts that are not finished, and the end of each.
    pub(crate) fn run(&self, send: &mut Sink<'_>) {
        let mut first = 0;
        while first < self.inputs.len() && !self.is_stopped() {
            (self.progress)(first as f64 / self.inputs.len() as f64);
            let pictures = self.inputs[first..]
                .iter()
                .take(FRAMES as usize)
                .take_while(|input| input.kind == Kind::Picture)
                .count();
            let count = pictures.max(1);
            if !self.journal.has_all(first) {
                let wanted = match pictures {
                    0 => self.clip(first, send),
                    _ => self.pictures(first, count, send),
                };
                if wanted.is_none() {
                    return;
                }
            }
            first += count;
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_set()
    }

    fn pictures(&self, first: usize, count: usize, send: &mut Sink<'_>) -> Option<()> {
        let mut note = Note {
            last: true,
            ..Note::default()
        };
        for at in first..first + count {
            if self.is_stopped() {
                return None;
            }
            (self.progress)(at as f64 / self.inputs.len() as f64);
            let facts = self.facts(at);
            let read = facts.and_then(|facts| Ok((facts, Picture::read(&self.inputs[at].path)?)));
            match read {
                Ok((facts, picture)) => {
                    note.read.push(done(&facts));
                    note.inputs.push(done(&facts));
                    note.warnings
                        .extend(picture.warning().map(|warning| self.warning(at, warning)));
                    note.frames += 1;
                    let frame = Frame {
                        input: facts,
                        index: 0,
                        time_ns: None,
                        scene_cut: false,
                        picture,
                    };
                    send(Event::Frame(Box::new(frame))).then_some(())?;
                }
                Err(error) => note.failures.push(self.failure(at, &error)),
            }
        }
        send(Event::End((first, 0), note)).then_some(())
    }

    /// A video or an image sequence.
    fn clip(&self, at: usize, send: &mut Sink<'_>) -> Option<()> {
        let mut part = Note::default();
        let mut piece = 0;
        let ended = self.frames_of(at, &mut |place, frame| {
            if self.is_stopped() {
                return false;
            }
            if place / FRAMES > piece {
                if self.journal.note((at, piece)).is_none()
                    && !send(Event::End((at, piece), std::mem::take(&mut part)))
                {
                    return false;
                }
                (piece, part) = (place / FRAMES, Note::default());
            }
            part.frames += 1;
            if part.read.is_empty() {
                part.read.push(done(&frame.input));
            }
            self.journal.note((at, piece)).is_some() || send(Event::Frame(Box::new(frame)))
        });
        if self.is_stopped() {
            return None;
        }
        match ended {
            Ok(Some((facts, warnings))) => {
                part.inputs.push(done(&facts));
                part.warnings
                    .extend(warnings.iter().map(|warning| self.warning(at, warning)));
            }
            Ok(None) => return None,
            Err(error) => part.failures.push(self.failure(at, &error)),
        }
        part.last = true;
        send(Event::End((at, piece), part)).then_some(())
    }

    /// Hands out the sampled frames of a clip with their places, and tells what is to be said of how they were read;
    /// `None` where `take` wanted no more.
    pub(crate) fn frames_of(
        &self,
        at: usize,
        take: &mut dyn FnMut(u64, Frame) -> bool,
    ) -> Result<Option<(Arc<FrameInput>, Vec<String>)>> {
        let input = &self.inputs[at];
        let facts = self.facts(at)?;
        let mut sampler = Sampler::new(self.sample);
        let mut before: Option<Vec<f32>> = None;
        let mut scene_cut = false;
        let mut warnings = Vec::new();
        let mut frames = FrameSource::open(input)?;
        let mut index = 0;
        while !sampler.is_full() {
            let Some((picture, time_ns)) = frames.next()? else {
                break;
            };
            let luma = luma(&picture)?;
            scene_cut |= before.as_ref().is_some_and(|before| is_scene_cut(before, &luma));
            before = Some(luma);
            if let Some(place) = sampler.take(index, time_ns) {
                let said = picture.warning().map(str::to_owned);
                warnings.extend(said.filter(|said| !warnings.contains(said)));
                (self.progress)((at as f64 + frames.share(time_ns)) / self.inputs.len() as f64);
                let frame = Frame {
                    input: Arc::clone(&facts),
                    index,
                    time_ns,
                    scene_cut: std::mem::take(&mut scene_cut),
                    picture,
                };
                if !take(place, frame) {
                    return Ok(None);
                }
            }
            index += 1;
        }
        if index == 0 {
            return Err(error!(Frame, "it has no frame"));
        }
        warnings.extend(frames.warnings());
        Ok(Some((facts, warnings)))
    }

    /// The first frame of an input.
    pub(crate) fn first_of(&self, at: usize) -> Result<Frame> {
        if self.inputs[at].kind == Kind::Picture {
            return Ok(Frame {
                input: self.facts(at)?,
                index: 0,
                time_ns: None,
                scene_cut: false,
                picture: Picture::read(&self.inputs[at].path)?,
            });
        }
        let mut first = None;
        self.frames_of(at, &mut |_, frame| {
            first = Some(frame);
            false
        })?;
        first.ok_or_else(|| error!(Frame, "it has no frame"))
    }

    fn facts(&self, at: usize) -> Result<Arc<FrameInput>> {
        let input = &self.inputs[at];
        let sha256 = hash::of_files(&input.files).map_err(|error| Error::file("it cannot be read", error))?;
        Ok(Arc::new(FrameInput {
            path: input.name.clone(),
            key: input.key.clone(),
            sha256,
            truth: self.truths[at].clone(),
            is_picture: input.kind == Kind::Picture,
        }))
    }

    fn failure(&self, at: usize, error: &Error) -> summary::InputFailure {
        summary::InputFailure {
            input: self.inputs[at].name.clone(),
            failure: error.to_string(),
        }
    }

    fn warning(&self, at: usize, warning: impl Into<String>) -> summary::InputWarning {
        summary::InputWarning {
            input: self.inputs[at].name.clone(),
            warning: warning.into(),
        }
    }
}

fn done(facts: &FrameInput) -> summary::InputFile {
    summary::InputFile {
        path: facts.path.clone(),
        sha256: facts.sha256.clone(),
    }
}

fn luma(picture: &Picture) -> Result<Vec<f32>> {
    let view = picture.view()?;
    let mut luma = vec![0.0; view.width() * view.height()];
    read_luma(&view, &mut luma);
    Ok(luma)
}

/// The frames of a clip, one after the other.
enum FrameSource<'a> {
    Video(video::Decoder),
    /// The files, and how many are read.
    Sequence(&'a [PathBuf], usize),
}

impl<'a> FrameSource<'a> {
    fn open(input: &'a Input) -> Result<Self> {
        match input.kind {
            Kind::Sequence => Ok(Self::Sequence(&input.files, 0)),
            _ => Ok(Self::Video(video::Decoder::open(&input.path)?)),
        }
    }

    fn next(&mut self) -> Result<Option<(Picture, Option<u64>)>> {
        match self {
            Self::Video(video) => video.next(),
            Self::Sequence(files, read) => {
                let Some(file) = files.get(*read) else {
                    return Ok(None);
                };
                *read += 1;
                Ok(Some((Picture::read(file)?, None)))
            }
        }
    }

    /// What is to be said of how its frames were read, at its end.
    fn warnings(&self) -> Vec<String> {
        match self {
            Self::Video(video) => video.warnings(),
            Self::Sequence(..) => Vec::new(),
        }
    }

    /// How much of the clip lies behind, 0..1, as far as known.
    fn share(&self, time_ns: Option<u64>) -> f64 {
        match self {
            Self::Video(video) => {
                let share = video
                    .duration_ns()
                    .zip(time_ns)
                    .map(|(all, now)| now as f64 / all.max(1) as f64);
                share.unwrap_or(0.0).min(1.0)
            }
            Self::Sequence(files, read) => *read as f64 / files.len().max(1) as f64,
        }
    }
}
