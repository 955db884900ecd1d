// SPDX-License-Identifier: MPL-2.0
//! One pass over the rows: texts once, a few dozen bytes per row.

use std::collections::{BTreeMap, HashMap, HashSet};

use steerlens::settings::Choice;

use super::bootstrap::Sourced;
use super::energy::Energies;
use crate::table::{Direction, Reach, Row, name};

/// Rows, sorted into cells, and the frames and targets that they are of.
#[derive(Debug, Default)]
pub(super) struct Collected {
    /// Files by number, as the rows name them.
    pub(super) inputs: Vec<String>,
    /// Labels by class.
    pub(super) labels: BTreeMap<i32, String>,
    pub(super) cases: Vec<Case>,
    /// In the order of the page: reach, distance, method, control.
    pub(super) cells: Vec<(Key, Entries)>,
    pub(super) energy: Energies,
    /// Rows without result: the sentence, how many, and the first of them.
    pub(super) failures: BTreeMap<String, (usize, String)>,
    pub(super) rows: usize,
    pub(super) frames: HashSet<(u32, u64)>,
    /// Of each frame whose true class is known, whether the driver gives it, and the source.
    pub(super) answers: Vec<Sourced<bool>>,
    /// How often a true class is taken for which class.
    pub(super) confusion: BTreeMap<(String, i32), usize>,
    numbers: Numbers,
}

/// Texts and pairs by their numbers.
#[derive(Debug, Default)]
struct Numbers {
    inputs: HashMap<String, u32>,
    sources: HashMap<String, u32>,
    cases: HashMap<(u32, u64, i32, i32), u32>,
    /// Methods in the order in which they were asked for.
    methods: Vec<Way>,
    cells: HashMap<Key, usize>,
    judged: HashSet<(u32, u64)>,
}

/// One frame and the pair of classes between which it was moved.
#[derive(Debug)]
pub(super) struct Case {
    /// Number of the file.
    pub(super) input: u32,
    /// Number of the source: files of the same content are one.
    pub(super) source: u32,
    pub(super) frame: u64,
    pub(super) time_ns: Option<u64>,
    pub(super) scene_cut: bool,
    pub(super) source_class: i32,
    pub(super) target_class: i32,
    pub(super) top_before: i32,
    pub(super) p_source_before: f32,
    pub(super) p_target_before: f32,
    /// Judges, one bit each, that saw what the driver saw in the frame.
    pub(super) judges_agree: u64,
    /// Judges that saw the target in the frame.
    pub(super) judges_before: u64,
    pub(super) strip: Option<String>,
}

/// What a cell's rows have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) reach: Reach,
    /// Bits of the distance or magnification that was asked for.
    requested: u64,
    pub(super) way: Way,
    pub(super) control: Direction,
}

/// In which coordinates a picture was moved, and along how many copies' mean gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Way {
    /// The method's nick.
    pub(super) method: &'static str,
    pub(super) samples: u32,
}

impl Key {
    /// The method's nick, with the number of samples where that is not 1.
    pub(super) fn name(&self) -> String {
        name(self.way.method, self.way.samples)
    }

    pub(super) fn requested(&self) -> Option<f64> {
        Some(f64::from_bits(self.requested)).filter(|requested| !requested.is_nan())
    }

    pub(super) fn is_flip(&self) -> bool {
        self.reach == Reach::Flip
    }
}

/// The rows of a cell.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) done: Vec<Entry>,
    /// Rows without result.
    pub(super) failed: usize,
}

/// One row with a result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Number of its case.
    pub(super) case: u32,
    pub(super) attained: bool,
    /// Whether the driver's answer is the target.
    pub(super) answered: bool,
    /// Judges whose answer is the target, one bit each.
    pub(super) judges: u64,
    pub(super) p_source_after: f32,
    pub(super) p_target_after: f32,
    pub(super) psnr: f32,
    pub(super) agreement: f32,
    pub(super) drivers_agreement: f32,
    pub(super) ssim: f32,
    pub(super) e_warp: f32,
    pub(super) e_warp_gain: f32,
    pub(super) magnification: f64,
    pub(super) l2: f64,
}

impl Collected {
    pub(super) fn add(&mut self, row: &Row) {
        self.rows += 1;
        let input = number(&mut self.numbers.inputs, &row.input);
        if input as usize == self.inputs.len() {
            self.inputs.push(row.input.clone());
        }
        self.frames.insert((input, row.frame));
        let cell = self.cell(row);
        if let Some(failure) = &row.failure {
            self.cells[cell].1.failed += 1;
            let first = || (0, format!("{}, frame {}", row.input, row.frame));
            self.failures.entry(failure.clone()).or_insert_with(first).0 += 1;
            return;
        }
        self.label(row.source_class, &row.source_label);
        self.label(row.target_class, &row.target_label);
        let case = self.case(row, input);
        self.energy.add(row);
        self.cells[cell].1.done.push(Entry {
            case,
            attained: row.attained,
            answered: row.top_after == row.target_class,
            judges: bits(&row.judge_top_after, row.target_class),
            p_source_after: row.p_source_after,
            p_target_after: row.p_target_after,
            psnr: row.psnr as f32,
            agreement: row.agreement as f32,
            drivers_agreement: row.drivers_agreement as f32,
            ssim: row.ssim as f32,
            e_warp: row.e_warp as f32,
            e_warp_gain: row.e_warp_gain as f32,
            magnification: row.magnification,
            l2: row.l2,
        });
    }

    /// Brings cells into the order of the page.
    pub(super) fn sort(&mut self) {
        let methods = &self.numbers.methods;
        self.cells.sort_by_key(|(key, _)| {
            let method = methods.iter().position(|way| *way == key.way);
            // Bits of numbers that are not negative sort as the numbers do.
            (key.reach, key.requested, method, key.control)
        });
    }

    pub(super) fn of(&self, entry: &Entry) -> &Case {
        &self.cases[entry.case as usize]
    }

    /// A value of an entry with the entry's source.
    pub(super) fn sourced<T>(&self, entry: &Entry, value: T) -> Sourced<T> {
        (value, self.of(entry).source)
    }

    pub(super) fn label_of(&self, class: i32) -> String {
        self.labels
            .get(&class)
            .cloned()
            .unwrap_or_else(|| format!("class {class}"))
    }

    /// The cell that shows best what each method does: the flip, else the furthest distance or magnification.
    pub(super) fn main_cells(&self) -> impl Iterator<Item = &(Key, Entries)> {
        let gradient = || {
            self.cells
                .iter()
                .filter(|(key, _)| key.control == Direction::Gradient)
        };
        let best = gradient().map(|(key, _)| rank(key)).max();
        gradient().filter(move |(key, _)| Some(rank(key)) == best)
    }

    fn cell(&mut self, row: &Row) -> usize {
        let way = Way {
            method: row.method.nick(),
            samples: row.samples.max(1),
        };
        if !self.numbers.methods.contains(&way) {
            self.numbers.methods.push(way);
        }
        let key = Key {
            reach: row.reach,
            requested: row.requested.to_bits(),
            way,
            control: row.control,
        };
        *self.numbers.cells.entry(key).or_insert_with(|| {
            self.cells.push((key, Entries::default()));
            self.cells.len() - 1
        })
    }

    fn label(&mut self, class: i32, label: &str) {
        self.labels.entry(class).or_insert_with(|| label.to_owned());
    }

    fn case(&mut self, row: &Row, input: u32) -> u32 {
        let key = (input, row.frame, row.source_class, row.target_class);
        if let Some(&case) = self.numbers.cases.get(&key) {
            let strip = &mut self.cases[case as usize].strip;
            if strip.is_none() {
                strip.clone_from(&row.strip);
            }
            return case;
        }
        let content = if row.input_sha256.is_empty() {
            &row.input
        } else {
            &row.input_sha256
        };
        let source = number(&mut self.numbers.sources, content);
        if let Some(truth) = &row.truth
            && self.numbers.judged.insert((input, row.frame))
        {
            let answer = match row.top_before {
                top if top == row.source_class => Some(&row.source_label),
                top if top == row.target_class => Some(&row.target_label),
                _ => None,
            };
            self.answers.push((answer == Some(truth), source));
            *self.confusion.entry((truth.clone(), row.top_before)).or_default() += 1;
        }
        let case = self.cases.len() as u32;
        self.numbers.cases.insert(key, case);
        self.cases.push(Case {
            input,
            source,
            frame: row.frame,
            time_ns: row.time_ns,
            scene_cut: row.scene_cut,
            source_class: row.source_class,
            target_class: row.target_class,
            top_before: row.top_before,
            p_source_before: row.p_source_before,
            p_target_before: row.p_target_before,
            judges_agree: bits(&row.judge_top_before, row.top_before),
            judges_before: bits(&row.judge_top_before, row.target_class),
            strip: row.strip.clone(),
        });
        case
    }
}

fn rank(key: &Key) -> (u8, u64) {
    let reach = match key.reach {
        Reach::Flip => 2,
        Reach::L2 => 1,
        Reach::Magnification => 0,
    };
    (reach, if key.is_flip() { 0 } else { key.requested })
}

fn number(numbers: &mut HashMap<String, u32>, text: &str) -> u32 {
    if let Some(&number) = numbers.get(text) {
        return number;
    }
    let next = numbers.len() as u32;
    numbers.insert(text.to_owned(), next);
    next
}

/// The judges whose answer is `class`, one bit each.
fn bits(answers: &[i32], class: i32) -> u64 {
    answers
        .iter()
        .take(64)
        .enumerate()
        .fold(0, |bits, (judge, &answer)| {
            bits | u64::from(answer == class) << judge
        })
}
