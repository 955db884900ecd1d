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
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<Value> {
        read(&mut &bytes[..])
    }

    fn refusal(bytes: &[u8]) -> String {
        format!("{:#}", parse(bytes).expect_err("hostile input was accepted"))
    }

    #[test]
    fn reads_what_python_writes() {
        // pickle.dumps({"a": (1, -2, 300, 0x1950A86A20F9469CFC6C), "b": [None, True]}, 2)
        let bytes = b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01(K\x01J\xfe\xff\xff\xffM,\x01\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19tq\x02X\x01\x00\x00\x00bq\x03]q\x04(N\x88eu.rest";
        let mut rest = &bytes[..];
        let Value::Dict(items) = read(&mut rest).unwrap() else {
            panic!("not a dict")
        };
        assert_eq!(rest, b"rest");
        let ints = [1, -2, 300, 0x1950_A86A_20F9_469C_FC6C].map(Value::Int).to_vec();
        assert_eq!(items.values[0], Value::Text("a".into()));
        assert_eq!(items.values[1], Value::Tuple(Rc::new(Items::new(ints).unwrap())));
        let Value::List(list) = &items.values[3] else {
            panic!("not a list")
        };
        assert_eq!(list.values, [Value::None, Value::Bool]);
    }

    #[test]
    fn a_call_is_data_and_a_dict_is_a_dict() {
        let bytes = b"\x80\x02ccollections\nOrderedDict\n)RX\x01\x00\x00\x00kctorch._utils\n_rebuild_tensor_v2\nK\x07\x85Rs.";
        let Value::Dict(items) = parse(bytes).unwrap() else {
            panic!("not a dict")
        };
        let Value::Call(Global::RebuildTensor, arguments) = &items.values[1] else {
            panic!("not a call")
        };
        assert_eq!(arguments.values, [Value::Int(7)]);
    }

    #[test]
    fn refuses_every_other_name() {
        // What pickle.dumps writes for an object whose __reduce__ is (os.system, ("true",)).
        let text = refusal(b"\x80\x02cposix\nsystem\nq\x00X\x04\x00\x00\x00trueq\x01\x85q\x02Rq\x03.");
        assert!(text.contains("posix.system"), "{text}");
        assert!(refusal(b"cbuiltins\neval\n.").contains("builtins.eval"));
        assert!(refusal(b"ctorch\nFloatStorage\n)R.").contains("cannot be called"));
    }

    #[test]
    fn refuses_other_opcodes_and_protocols() {
        // INST, OBJ, NEWOBJ, STACK_GLOBAL, EXT1, and protocol 4.
        for bytes in [
            &b"(iposix\nsystem\n."[..],
            b"(o.",
            b")\x81.",
            b"\x93.",
            b"\x82\x01.",
            b"\x80\x04.",
        ] {
            assert!(refusal(bytes).contains("is refused"));
        }
    }

    #[test]
    fn refuses_every_truncation() {
        let whole = b"\x80\x02}(X\x01\x00\x00\x00aK\x01ctorch._utils\n_rebuild_tensor_v2\n)RK\x02u.";
        assert!(parse(whole).is_ok());
        for end in 0..whole.len() {
            assert!(parse(&whole[..end]).is_err(), "accepted the first {end} bytes");
        }
    }

    #[test]
    fn refuses_an_empty_stack_and_lengths_beyond_the_end() {
        for bytes in [
            &b"."[..],
            b"s.",
            b"t.",
            b"\x87.",
            b"R.",
            b"Q.",
            b"b.",
            b"q\x00.",
            b"h\x00.",
            b"(N.",
            b"N(0.",
            b"e.",
        ] {
            assert!(parse(bytes).is_err());
        }
        assert!(refusal(b"X\xff\xff\xff\xffab.").contains("cut short"));
        assert!(refusal(b"\x8a\xff.").contains("255 bytes"));
        // A MARK protects what is below it.
        assert!(parse(b"N(\x85.").is_err());
        assert!(refusal(b"}(Nu.").contains("without a value"));
    }

    #[test]
    fn refuses_deep_nesting_before_it_can_exhaust_the_stack() {
        let mut bytes = vec![b')'];
        bytes.extend(std::iter::repeat_n(0x85, 1 << 20));
        bytes.push(b'.');
        assert!(refusal(&bytes).contains("nest"));
        // The same through calls and dicts.
        let mut bytes = Vec::new();
        for _ in 0..1000 {
            bytes.extend(b"}K\x00");
        }
        bytes.push(b'N');
        bytes.extend(std::iter::repeat_n(b's', 1000));
        bytes.push(b'.');
        assert!(refusal(&bytes).contains("nest"));
    }

    #[test]
    fn refuses_to_recall_a_container_that_may_have_changed() {
        assert!(refusal(b"}q\x00K\x01h\x00s.").contains("recalled"));
    }
}
