// SPDX-License-Identifier: MPL-2.0
//! Reads the few pickle opcodes that a PyTorch state dict is written with, and executes nothing.
//!
//! A pickle is a program for a stack machine; Python's own reader calls whatever the file names. This one knows
//! two names, gives a call back as data ([`Value::Call`]) and refuses every other name and opcode, shared
//! mutable containers (which would need cells), and nesting that could exhaust the stack.

use std::collections::HashMap;
use std::rc::Rc;

use anyhow::{Context, Result, bail, ensure};

/// Deeper nesting than any state dict has; dropping a value recurses once per level.
const MAX_DEPTH: u8 = 16;

/// A name that the pickle refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Global {
    /// `collections.OrderedDict`; a call without arguments becomes an empty [`Value::Dict`].
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2`.
    RebuildTensor,
    /// `torch.FloatStorage`: 32-bit floating point.
    FloatStorage,
    /// `torch.LongStorage`: 64-bit integers.
    LongStorage,
}

impl Global {
    fn named(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Self::RebuildTensor,
            ("torch", "FloatStorage") => Self::FloatStorage,
            ("torch", "LongStorage") => Self::LongStorage,
            _ => return None,
        })
    }
}

/// What a pickle holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    None,
    Bool,
    Int(i128),
    Text(Rc<str>),
    Global(Global),
    Tuple(Rc<Items>),
    List(Items),
    /// Keys and values alternate, in the file's order.
    Dict(Items),
    /// A function and its arguments, not called.
    Call(Global, Rc<Items>),
    /// A reference to something outside the pickle.
    Persistent(Rc<Items>),
}

impl Value {
    fn depth(&self) -> u8 {
        match self {
            Self::Tuple(items) | Self::Call(_, items) | Self::Persistent(items) => items.depth,
            Self::List(items) | Self::Dict(items) => items.depth,
            _ => 0,
        }
    }
}

/// The values of a container, and how deeply they nest.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Items {
    pub(crate) values: Vec<Value>,
    depth: u8,
}

impl Items {
    fn new(values: Vec<Value>) -> Result<Self> {
        let mut items = Self::default();
        items.extend(values)?;
        Ok(items)
    }

    fn extend(&mut self, values: Vec<Value>) -> Result<()> {
        let inner = values.iter().map(Value::depth).max().unwrap_or(0);
        ensure!(inner < MAX_DEPTH, "values nest deeper than {MAX_DEPTH} levels");
        self.depth = self.depth.max(inner + 1);
        self.values.extend(values);
        Ok(())
    }
}

/// Reads one pickle from the front of `bytes`, which then starts behind it.
///
/// # Errors
/// When the pickle is cut short, malformed, or uses an opcode or a name that a state dict has no need of.
pub(crate) fn read(bytes: &mut &[u8]) -> Result<Value> {
    let length = bytes.len();
    let mut machine = Machine {
        input: bytes,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        let at = length - machine.input.len();
        let opcode = machine
            .byte()
            .context("the pickle is cut short: it has no STOP")?;
        let done = machine
            .step(opcode)
            .with_context(|| format!("pickle opcode {opcode:#04x} at byte {at} is refused"))?;
        if done {
            let value = machine.pop()?;
            ensure!(
                machine.stack.is_empty() && machine.marks.is_empty(),
                "values are left behind a pickle's STOP"
            );
            *bytes = machine.input;
            return Ok(value);
        }
    }
}

/// Splits `count` bytes off the front of `input`.
///
/// # Errors
/// When there are fewer.
pub(crate) fn take<'a>(input: &mut &'a [u8], count: usize) -> Result<&'a [u8]> {
    let (head, tail) = input.split_at_checked(count).with_context(|| {
        format!(
            "the file is cut short: {count} bytes wanted, {} left",
            input.len()
        )
    })?;
    *input = tail;
    Ok(head)
}

struct Machine<'a> {
    input: &'a [u8],
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
}

impl Machine<'_> {
    /// Executes one opcode; true when it was STOP.
    fn step(&mut self, opcode: u8) -> Result<bool> {
        match opcode {
            b'.' => return Ok(true),
            0x80 => ensure!(self.byte()? == 2, "only pickle protocol 2 is known"),
            b'N' => self.stack.push(Value::None),
            0x88 | 0x89 => self.stack.push(Value::Bool),
            b'K' => self.push_int::<1>(false)?,
            b'M' => self.push_int::<2>(false)?,
            b'J' => self.push_int::<4>(true)?,
            0x8a => {
                let count = usize::from(self.byte()?);
                ensure!(count <= 16, "an integer of {count} bytes is larger than any here");
                let int = little_endian(take(&mut self.input, count)?, true);
                self.stack.push(Value::Int(int));
            }
            b'X' => {
                let count = u32::from_le_bytes(self.array()?);
                let text = take(&mut self.input, count as usize)?;
                self.stack.push(Value::Text(std::str::from_utf8(text)?.into()));
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                let global = Global::named(&module, &name)
                    .with_context(|| format!("{module}.{name} is not among the names of a state dict"))?;
                self.stack.push(Value::Global(global));
            }
            b'(' => self.marks.push(self.stack.len()),
            b')' => self.push_tuple(Vec::new())?,
            0x85..=0x87 => {
                let count = usize::from(opcode - 0x84);
                let mut values = (0..count).map(|_| self.pop()).collect::<Result<Vec<_>>>()?;
                values.reverse();
                self.push_tuple(values)?;
            }
            b't' => {
                let values = self.pop_to_mark()?;
                self.push_tuple(values)?;
            }
            b']' => self.stack.push(Value::List(Items::default())),
            b'e' => {
                let values = self.pop_to_mark()?;
                match self.stack.last_mut() {
                    Some(Value::List(items)) => items.extend(values)?,
                    _ => bail!("APPENDS needs a list below its values"),
                }
            }
            b'}' => self.stack.push(Value::Dict(Items::default())),
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set_items(vec![key, value])?;
            }
            b'u' => {
                let values = self.pop_to_mark()?;
                self.set_items(values)?;
            }
            b'q' => {
                let index = u32::from(self.byte()?);
                self.remember(index)?;
            }
            b'r' => {
                let index = u32::from_le_bytes(self.array()?);
                self.remember(index)?;
            }
            b'h' => {
                let index = u32::from(self.byte()?);
                self.recall(index)?;
            }
            b'j' => {
                let index = u32::from_le_bytes(self.array()?);
                self.recall(index)?;
            }
            b'R' => self.reduce()?,
            b'Q' => {
                let Value::Tuple(id) = self.pop()? else {
                    bail!("a persistent id must be a tuple")
                };
                self.stack.push(Value::Persistent(id));
            }
            // The attributes of the state dict: version numbers of modules, of no use here.
            b'b' => {
                self.pop()?;
                ensure!(
                    matches!(self.stack.last(), Some(Value::Dict(_))),
                    "only a dict may have attributes"
                );
            }
            _ => bail!("a state dict has no need of it"),
        }
        Ok(false)
    }

    fn reduce(&mut self) -> Result<()> {
        let Value::Tuple(arguments) = self.pop()? else {
            bail!("the arguments of a call must be a tuple")
        };
        let Value::Global(function) = self.pop()? else {
            bail!("only a named function can be called")
        };
        self.stack.push(match function {
            Global::OrderedDict if arguments.values.is_empty() => Value::Dict(Items::default()),
            Global::RebuildTensor => {
                ensure!(arguments.depth < MAX_DEPTH, "calls nest too deeply");
                Value::Call(function, arguments)
            }
            _ => bail!("{function:?} cannot be called here"),
        });
        Ok(())
    }

    fn set_items(&mut self, values: Vec<Value>) -> Result<()> {
        ensure!(values.len().is_multiple_of(2), "a key without a value");
        match self.stack.last_mut() {
            Some(Value::Dict(items)) => items.extend(values),
            _ => bail!("items can only be set in a dict"),
        }
    }

    fn remember(&mut self, index: u32) -> Result<()> {
        let value = match self.stack.last().context("nothing to remember")? {
            // Values are copied here, so a container that is filled later must not be recalled.
            Value::Dict(_) | Value::List(_) => {
                self.memo.remove(&index);
                return Ok(());
            }
            value => value.clone(),
        };
        self.memo.insert(index, value);
        Ok(())
    }

    fn recall(&mut self, index: u32) -> Result<()> {
        let value = self
            .memo
            .get(&index)
            .with_context(|| format!("nothing can be recalled from place {index}"))?;
        self.stack.push(value.clone());
        Ok(())
    }

    fn push_tuple(&mut self, values: Vec<Value>) -> Result<()> {
        self.stack.push(Value::Tuple(Rc::new(Items::new(values)?)));
        Ok(())
    }

    fn push_int<const N: usize>(&mut self, signed: bool) -> Result<()> {
        let bytes: [u8; N] = self.array()?;
        self.stack.push(Value::Int(little_endian(&bytes, signed)));
        Ok(())
    }

    fn pop(&mut self) -> Result<Value> {
        let floor = self.marks.last().copied().unwrap_or(0);
        ensure!(self.stack.len() > floor, "the stack is empty");
        self.stack.pop().context("the stack is empty")
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.marks.pop().context("no MARK was set")?;
        Ok(self.stack.split_off(mark))
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(take(&mut self.input, N)?.try_into()?)
    }

    fn line(&mut self) -> Result<String> {
        let length = self
            .input
            .iter()
            .position(|b| *b == b'\n')
            .context("a name does not end")?;
        let text = take(&mut self.input, length + 1)?;
        Ok(std::str::from_utf8(&text[..length])?.to_owned())
    }
}

/// At most 16 bytes as a number.
fn little_endian(bytes: &[u8], signed: bool) -> i128 {
    let negative = signed && bytes.last().is_some_and(|b| *b >= 0x80);
    let mut wide = [if negative { 0xff } else { 0 }; 16];
    wide[..bytes.len()].copy_from_slice(bytes);
    i128::from_le_bytes(wide)
}

#[cfg(test)]
mod tests;
