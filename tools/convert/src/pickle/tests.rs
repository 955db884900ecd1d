// SPDX-License-Identifier: MPL-2.0
//! Well-formed pickles, and hostile ones.

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
    // A MARK protects what is below it: without, the second tuple would begin behind the stack's end.
    assert!(refusal(b"NN(\x86t.").contains("stack is empty"));
    assert!(refusal(b"}(Nu.").contains("without a value"));
}

#[test]
fn refuses_deep_nesting_before_it_can_exhaust_the_stack() {
    let tuples = |count| {
        let mut bytes = vec![b')'];
        bytes.extend(std::iter::repeat_n(0x85, count));
        bytes.push(b'.');
        bytes
    };
    let most = usize::from(MAX_DEPTH) - 1;
    assert!(parse(&tuples(most)).is_ok());
    assert!(refusal(&tuples(most + 1)).contains("nest"));
    assert!(refusal(&tuples(1 << 20)).contains("nest"));
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
