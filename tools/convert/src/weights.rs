// SPDX-License-Identifier: MPL-2.0
//! A `.pth` file as PyTorch wrote it before version 1.6: five pickles (magic number, protocol, system, state
//! dict, storage keys), then per key a 64-bit count and the raw numbers, all little-endian.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result, bail, ensure};

use crate::pickle::{self, Global, Items, Value, take};

const MAGIC: i128 = 0x1950_A86A_20F9_469C_FC6C;
const PROTOCOL: i128 = 1001;

/// An array of single precision, last axis fastest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// The floating-point tensors of a state dict, by name. Integer tensors (batch counters) are left out.
#[derive(Debug)]
pub(crate) struct Weights {
    tensors: BTreeMap<String, Tensor>,
}

impl Weights {
    /// Reads a whole file.
    ///
    /// # Errors
    /// When it is not such a file, is cut short, or describes tensors that its storages do not hold.
    pub(crate) fn read(mut file: &[u8]) -> Result<Self> {
        let input = &mut file;
        let magic = pickle::read(input).context("the magic number cannot be read")?;
        ensure!(
            magic == Value::Int(MAGIC),
            "this is not a .pth file from before PyTorch 1.6"
        );
        let protocol = pickle::read(input).context("the protocol cannot be read")?;
        ensure!(
            protocol == Value::Int(PROTOCOL),
            "the .pth protocol is not {PROTOCOL}"
        );
        pickle::read(input).context("the description of the writing system cannot be read")?;
        let state = pickle::read(input).context("the state dict cannot be read")?;
        let keys = pickle::read(input).context("the list of storages cannot be read")?;

        let views = views(state)?;
        let kinds: HashMap<_, _> = views
            .iter()
            .map(|(_, view)| (view.storage.as_str(), view.kind))
            .collect();
        let Value::List(keys) = keys else {
            bail!("the storages are not a list")
        };
        let mut storages = HashMap::new();
        for key in &keys.values {
            let key = text(key)?;
            let kind = kinds
                .get(key)
                .with_context(|| format!("storage {key} belongs to no tensor"))?;
            let count = u64::from_le_bytes(take(input, 8)?.try_into()?);
            let bytes = usize::try_from(count)
                .ok()
                .and_then(|n| n.checked_mul(kind.size()));
            let bytes = bytes.with_context(|| format!("storage {key} claims {count} numbers"))?;
            storages.insert(key, take(input, bytes).with_context(|| format!("storage {key}"))?);
        }
        ensure!(
            input.is_empty(),
            "{} bytes are left behind the last storage",
            input.len()
        );

        let mut tensors = BTreeMap::new();
        for (name, view) in &views {
            let storage = storages
                .get(view.storage.as_str())
                .with_context(|| format!("{name} has no numbers"))?;
            if let Some(tensor) = view.tensor(storage).with_context(|| format!("tensor {name}"))? {
                tensors.insert(name.clone(), tensor);
            }
        }
        Ok(Self { tensors })
    }

    /// Removes a tensor and checks its shape.
    ///
    /// # Errors
    /// When there is none of that name and shape.
    pub(crate) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let tensor = self
            .tensors
            .remove(name)
            .with_context(|| format!("the weights have no tensor {name}"))?;
        ensure!(
            tensor.shape == shape,
            "tensor {name} has shape {:?}, not {shape:?}",
            tensor.shape
        );
        Ok(tensor.values)
    }

    /// Checks that every tensor was taken.
    ///
    /// # Errors
    /// When one is left: the network is then another one.
    pub(crate) fn finish(self) -> Result<()> {
        match self.tensors.keys().next() {
            Some(name) => bail!("tensor {name} has no place in this network"),
            None => Ok(()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Float,
    Long,
}

impl Kind {
    fn size(self) -> usize {
        match self {
            Self::Float => 4,
            Self::Long => 8,
        }
    }
}

/// A tensor before its numbers are known: a strided view of a storage.
#[derive(Debug)]
struct View {
    storage: String,
    kind: Kind,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

impl View {
    /// The tensor, if it is one of floating point, with its elements put in order.
    fn tensor(&self, storage: &[u8]) -> Result<Option<Tensor>> {
        if self.kind != Kind::Float {
            return Ok(None);
        }
        let (numbers, _) = storage.as_chunks::<4>();
        let reach = self.reach().context("its size overflows")?;
        ensure!(
            reach < numbers.len(),
            "it reaches beyond the {} numbers of its storage",
            numbers.len()
        );
        // Zero strides could make a huge tensor of a small file.
        let count = self
            .shape
            .iter()
            .try_fold(1usize, |n, d| n.checked_mul(*d))
            .context("its size overflows")?;
        ensure!(count <= numbers.len(), "it repeats the numbers of its storage");

        let mut starts = vec![self.offset];
        for (dim, stride) in self.shape.iter().zip(&self.strides) {
            starts = starts
                .iter()
                .flat_map(|start| (0..*dim).map(move |i| start + i * stride))
                .collect();
        }
        let values = starts.iter().map(|i| f32::from_le_bytes(numbers[*i])).collect();
        Ok(Some(Tensor {
            shape: self.shape.clone(),
            values,
        }))
    }

    /// Place in the storage of the last element.
    fn reach(&self) -> Option<usize> {
        self.shape
            .iter()
            .zip(&self.strides)
            .try_fold(self.offset, |reach, (dim, stride)| {
                reach.checked_add(dim.checked_sub(1)?.checked_mul(*stride)?)
            })
    }
}

/// The state dict's tensors, in the file's order.
fn views(state: Value) -> Result<Vec<(String, View)>> {
    let Value::Dict(items) = state else {
        bail!("the state is not a dict")
    };
    let (pairs, _) = items.values.as_chunks::<2>();
    pairs
        .iter()
        .map(|[name, value]| {
            let name = text(name)?.to_owned();
            let Value::Call(Global::RebuildTensor, arguments) = value else {
                bail!("{name} is not a tensor")
            };
            let view = view(arguments).with_context(|| format!("tensor {name}"))?;
            Ok((name, view))
        })
        .collect()
}

/// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks)`.
fn view(arguments: &Items) -> Result<View> {
    let [
        Value::Persistent(storage),
        offset,
        Value::Tuple(size),
        Value::Tuple(stride),
        ..,
    ] = &arguments.values[..]
    else {
        bail!("it is not built from storage, offset, size and stride");
    };
    let [kind, Value::Global(global), key, ..] = &storage.values[..] else {
        bail!("its storage is not described")
    };
    ensure!(
        text(kind)? == "storage",
        "it refers to something that is not a storage"
    );
    let kind = match global {
        Global::FloatStorage => Kind::Float,
        Global::LongStorage => Kind::Long,
        _ => bail!("its storage has no number type"),
    };
    let (shape, strides) = (sizes(size)?, sizes(stride)?);
    ensure!(
        shape.len() == strides.len(),
        "it has {} axes but {} strides",
        shape.len(),
        strides.len()
    );
    Ok(View {
        storage: text(key)?.to_owned(),
        kind,
        offset: index(offset)?,
        shape,
        strides,
    })
}

fn sizes(items: &Items) -> Result<Vec<usize>> {
    items.values.iter().map(index).collect()
}

fn index(value: &Value) -> Result<usize> {
    match value {
        Value::Int(int) => usize::try_from(*int).with_context(|| format!("{int} is not a size")),
        _ => bail!("a size is not a number"),
    }
}

fn text(value: &Value) -> Result<&str> {
    match value {
        Value::Text(text) => Ok(text),
        _ => bail!("a name is not text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with one tensor `w` of shape [2, 3] over a storage of `count` numbers, of which `present` follow.
    fn file(offset: u8, strides: [u8; 2], count: u64, present: usize) -> Vec<u8> {
        let mut bytes = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.".to_vec();
        bytes.extend(
            b"\x80\x02ccollections\nOrderedDict\n)RX\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((",
        );
        bytes.extend(
            b"X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x007X\x03\x00\x00\x00cpuK\x06NtQ",
        );
        bytes.extend([
            b'K', offset, b'K', 2, b'K', 3, 0x86, b'K', strides[0], b'K', strides[1], 0x86,
        ]);
        bytes.extend(b"\x89ccollections\nOrderedDict\n)RtRs.\x80\x02](X\x01\x00\x00\x007e.");
        bytes.extend(count.to_le_bytes());
        bytes.extend((0..present).flat_map(|i| (i as f32 + 0.5).to_le_bytes()));
        bytes
    }

    fn refusal(bytes: &[u8]) -> String {
        format!(
            "{:#}",
            Weights::read(bytes).expect_err("hostile input was accepted")
        )
    }

    #[test]
    fn reads_a_tensor() {
        let mut weights = Weights::read(&file(1, [3, 1], 7, 7)).unwrap();
        assert_eq!(
            weights.take("w", &[2, 3]).unwrap(),
            [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
        );
        weights.finish().unwrap();
        let mut transposed = Weights::read(&file(0, [1, 2], 6, 6)).unwrap();
        assert_eq!(
            transposed.take("w", &[2, 3]).unwrap(),
            [0.5, 2.5, 4.5, 1.5, 3.5, 5.5]
        );
    }

    #[test]
    fn refuses_ranges_and_counts_that_the_file_does_not_hold() {
        assert!(refusal(&file(2, [3, 1], 7, 7)).contains("reaches beyond"));
        assert!(refusal(&file(0, [1, 3], 7, 7)).contains("reaches beyond"));
        assert!(refusal(&file(0, [3, 1], 7, 6)).contains("cut short"));
        assert!(refusal(&file(0, [3, 1], u64::MAX, 6)).contains("claims"));
        assert!(refusal(&file(0, [3, 1], 6, 7)).contains("left behind"));
        assert!(refusal(&file(0, [0, 0], 5, 5)).contains("repeats"));
    }

    #[test]
    fn refuses_every_truncation_and_another_magic() {
        let whole = file(0, [3, 1], 6, 6);
        for end in 0..whole.len() {
            assert!(
                Weights::read(&whole[..end]).is_err(),
                "accepted the first {end} bytes"
            );
        }
        assert!(refusal(b"\x80\x02K\x01.").contains("not a .pth"));
    }

    #[test]
    fn a_wrong_shape_or_a_tensor_too_many_is_told() {
        let mut weights = Weights::read(&file(0, [3, 1], 6, 6)).unwrap();
        assert!(format!("{:#}", weights.take("w", &[3, 2]).unwrap_err()).contains("[2, 3]"));
        let weights = Weights::read(&file(0, [3, 1], 6, 6)).unwrap();
        assert!(format!("{:#}", weights.finish().unwrap_err()).contains("tensor w"));
    }
}
