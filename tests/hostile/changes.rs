// SPDX-License-Identifier: MPL-2.0
//! Whatever is changed in a file, it is accepted or refused with a sentence. `STEERLENS_HOSTILE=N` tries N changes per
//! model instead of a few.

use std::path::Path;

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use steerlens::gradient::{Options, differentiate};
use steerlens::onnx::{self, AttributeProto, ModelProto};

use crate::runtime;

/// Small models in dialects of their own.
const MODELS: &[&str] = &[
    "mnist_nhwc_softmax",
    "mnist_cntk",
    "inception",
    "shufflenet",
    "groupnorm",
    "multi_output",
];

/// The same numbers everywhere.
struct Dice(SplitMix64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(SplitMix64::seed_from_u64(seed))
    }

    fn roll(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn below(&mut self, n: usize) -> usize {
        (self.roll() % n.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, several: &'a mut [T]) -> Option<&'a mut T> {
        let at = self.below(several.len());
        several.get_mut(at)
    }

    fn number(&mut self) -> i64 {
        let odd = [
            i64::MIN,
            i64::MAX,
            -1,
            0,
            1,
            2,
            3,
            7,
            1 << 31,
            1 << 40,
            -(1 << 31),
            224,
        ];
        odd[self.below(odd.len())]
    }
}

fn bytes_of(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/variety/{name}.onnx"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn tries(few: usize) -> usize {
    std::env::var("STEERLENS_HOSTILE")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(few)
}

/// One change that an editor of protobufs could make.
fn change(model: &mut ModelProto, dice: &mut Dice) -> Option<()> {
    let graph = model.graph.as_mut()?;
    let other = |dice: &mut Dice, n: usize| dice.below(n);
    match dice.below(15) {
        0 => *dice.of(&mut graph.initializer)?.dims.first_mut()? = dice.number(),
        1 => dice.of(&mut graph.initializer)?.dims.push(dice.number()),
        2 => dice.of(&mut graph.initializer)?.raw_data.as_mut()?.truncate(3),
        3 => dice.of(&mut graph.initializer)?.data_type = Some(dice.number() as i32),
        4 => {
            let at = other(dice, graph.initializer.len());
            graph.initializer.remove(at);
        }
        5 => {
            let at = other(dice, graph.node.len());
            graph.node.remove(at);
        }
        6 => {
            let (a, b) = (other(dice, graph.node.len()), other(dice, graph.node.len()));
            graph.node[a].op_type = graph.node[b].op_type.clone();
        }
        7 => {
            // Wires a node to any other's output: cycles, wrong shapes, wrong types.
            let at = other(dice, graph.node.len());
            let name = graph.node[at].output.first()?.clone();
            let node = dice.of(&mut graph.node)?;
            *dice.of(&mut node.input)? = name;
        }
        8 => {
            let node = dice.of(&mut graph.node)?;
            let attribute: &mut AttributeProto = dice.of(&mut node.attribute)?;
            match attribute.ints.is_empty() {
                true => attribute.i = Some(dice.number()),
                false => *dice.of(&mut attribute.ints)? = dice.number(),
            }
        }
        9 => {
            let node = dice.of(&mut graph.node)?;
            dice.of(&mut node.attribute)?.ints.push(dice.number());
        }
        10 => {
            let node = dice.of(&mut graph.node)?;
            let at = other(dice, node.attribute.len());
            (at < node.attribute.len()).then(|| node.attribute.remove(at))?;
        }
        11 => {
            let node = dice.of(&mut graph.node)?;
            match dice.below(3) {
                0 => node.input.clear(),
                1 => node.output.push("one too many".into()),
                _ => node.input.push(String::new()),
            }
        }
        12 => model.opset_import.first_mut()?.version = Some(dice.number()),
        13 => model.ir_version = Some(dice.number()),
        _ => {
            let node = dice.of(&mut graph.node)?;
            let name = node.output.first()?.clone();
            dice.of(&mut graph.node)?.output.first_mut().map(|o| *o = name)?;
        }
    }
    Some(())
}

#[test]
fn bytes_may_be_anything() {
    for name in MODELS {
        let whole = bytes_of(name);
        let mut dice = Dice::new(1);
        for _ in 0..tries(400) {
            let mut bytes = whole.clone();
            if dice.below(4) == 0 {
                bytes.truncate(dice.below(whole.len()));
            }
            for _ in 0..=dice.below(4) {
                if let Some(byte) = dice.of(&mut bytes) {
                    *byte = dice.roll() as u8;
                }
            }
            if let Ok(model) = onnx::decode(&bytes) {
                // What can be read can be written and read again.
                assert!(onnx::decode(&onnx::encode(&model)).is_ok());
            }
        }
    }
}

#[test]
fn graphs_may_be_anything() {
    let runtime = runtime();
    for name in MODELS {
        let whole = onnx::decode(&bytes_of(name)).unwrap();
        let (mut accepted, mut refused) = (0, 0);
        for seed in 0..tries(40) as u64 {
            let mut dice = Dice::new(seed);
            let mut model = whole.clone();
            for _ in 0..=dice.below(2) {
                let _ = change(&mut model, &mut dice);
            }
            let options = Options {
                output: (*name == "multi_output").then(|| "logits".into()),
                ..Options::default()
            };
            match differentiate(model, runtime, &options) {
                Ok(_) => accepted += 1,
                Err(error) => {
                    let text = error.to_string();
                    assert!(
                        text.len() > 20 && !text.contains("panicked"),
                        "{name}, seed {seed}: {text}"
                    );
                    refused += 1;
                }
            }
        }
        assert!(
            refused > 0 && accepted > 0,
            "{name}: {accepted} accepted, {refused} refused"
        );
    }
}
