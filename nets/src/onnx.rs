//! Reads what is needed of an ONNX file: nodes, their whole-number attributes, and constants.
//!
//! Field numbers: onnx.proto3 of ONNX 1.16; encoding: protocol buffers, "Encoding". Everything else is skipped.

use std::collections::HashMap;

/// One node of the graph.
#[derive(Debug, Default)]
pub struct Node {
    /// Operator, for instance `Conv`.
    pub operator: String,
    /// Names of its inputs.
    pub inputs: Vec<String>,
    /// Names of its outputs.
    pub outputs: Vec<String>,
    /// Whole-number attributes by name.
    pub attributes: HashMap<String, Vec<i64>>,
    /// Attributes that are one 32-bit number.
    pub numbers: HashMap<String, f32>,
    /// Attributes that are a word.
    pub words: HashMap<String, String>,
}

impl Node {
    /// An input's name; empty where there is none.
    pub fn input(&self, number: usize) -> &str {
        self.inputs.get(number).map_or("", String::as_str)
    }

    /// The first output's name.
    pub fn output(&self) -> &str {
        self.outputs.first().map_or("", String::as_str)
    }
}

/// A constant.
#[derive(Debug, Default)]
pub struct Constant {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// Row-major 32-bit numbers; empty for constants of another kind.
    pub values: Vec<f32>,
    /// Row-major whole numbers of 64 bits; empty for constants of another kind.
    pub whole: Vec<i64>,
}

/// Nodes in their order, and constants by name.
#[derive(Debug, Default)]
pub struct Graph {
    /// In an order in which they can run.
    pub nodes: Vec<Node>,
    /// By name.
    pub constants: HashMap<String, Constant>,
    /// Names and shapes; an axis of any length is 0.
    pub inputs: Vec<(String, Vec<usize>)>,
    /// The same.
    pub outputs: Vec<(String, Vec<usize>)>,
}

impl Graph {
    /// The graph's output that comes from the value `name` without further weights, and whether through a sigmoid.
    pub fn output_from(&self, name: &str) -> Option<(usize, bool)> {
        let (mut name, mut sigmoid) = (name, false);
        loop {
            if let Some(number) = self.outputs.iter().position(|(output, _)| output == name) {
                return Some((number, sigmoid));
            }
            let node = self.nodes.iter().find(|node| node.input(0) == name)?;
            match node.operator.as_str() {
                "Sigmoid" if !sigmoid => sigmoid = true,
                "Transpose" | "Reshape" | "Identity" => {}
                _ => return None,
            }
            name = node.output();
        }
    }
}

/// Reads a model; `None` if the bytes are not one.
pub fn read(bytes: &[u8]) -> Option<Graph> {
    let mut graph = Graph::default();
    for field in Fields(bytes) {
        if let Field { number: 7, value: Value::Bytes(bytes) } = field? {
            for field in Fields(bytes) {
                match field? {
                    Field { number: 1, value: Value::Bytes(bytes) } => graph.nodes.push(node(bytes)?),
                    Field { number: 5, value: Value::Bytes(bytes) } => {
                        let (name, constant) = constant(bytes)?;
                        graph.constants.insert(name, constant);
                    }
                    Field { number: 11, value: Value::Bytes(bytes) } => graph.inputs.push(value_info(bytes)?),
                    Field { number: 12, value: Value::Bytes(bytes) } => graph.outputs.push(value_info(bytes)?),
                    _ => {}
                }
            }
        }
    }
    Some(graph)
}

/// Name and shape of an input or output.
fn value_info(bytes: &[u8]) -> Option<(String, Vec<usize>)> {
    let (mut name, mut shape) = (String::new(), Vec::new());
    for field in Fields(bytes) {
        match field? {
            Field { number: 1, value: Value::Bytes(bytes) } => name = text(bytes)?,
            // The type holds the kind of a tensor (1), that its shape (2), that its axes (1), those their length (1).
            Field { number: 2, value: Value::Bytes(bytes) } => {
                for axis in inside(bytes, 1).and_then(|tensor| inside(tensor, 2)).into_iter().flat_map(Fields) {
                    let Field { value: Value::Bytes(bytes), .. } = axis? else { continue };
                    let length = Fields(bytes).flatten().find_map(|field| match field {
                        Field { number: 1, value: Value::Whole(length) } => usize::try_from(length).ok(),
                        _ => None,
                    });
                    shape.push(length.unwrap_or(0));
                }
            }
            _ => {}
        }
    }
    Some((name, shape))
}

/// The bytes of the first field of this number.
fn inside(bytes: &[u8], wanted: u64) -> Option<&[u8]> {
    Fields(bytes).flatten().find_map(|field| match field {
        Field { number, value: Value::Bytes(bytes) } if number == wanted => Some(bytes),
        _ => None,
    })
}

fn node(bytes: &[u8]) -> Option<Node> {
    let mut node = Node::default();
    for field in Fields(bytes) {
        match field? {
            Field { number: 1, value: Value::Bytes(name) } => node.inputs.push(text(name)?),
            Field { number: 2, value: Value::Bytes(name) } => node.outputs.push(text(name)?),
            Field { number: 4, value: Value::Bytes(name) } => node.operator = text(name)?,
            Field { number: 5, value: Value::Bytes(bytes) } => {
                let (name, value) = attribute(bytes)?;
                match value {
                    Attribute::Whole(values) => drop(node.attributes.insert(name, values)),
                    Attribute::Number(number) => drop(node.numbers.insert(name, number)),
                    Attribute::Word(word) => drop(node.words.insert(name, word)),
                }
            }
            _ => {}
        }
    }
    Some(node)
}

enum Attribute {
    Whole(Vec<i64>),
    Number(f32),
    Word(String),
}

fn attribute(bytes: &[u8]) -> Option<(String, Attribute)> {
    let (mut name, mut values, mut other) = (String::new(), Vec::new(), None);
    for field in Fields(bytes) {
        match field? {
            Field { number: 1, value: Value::Bytes(bytes) } => name = text(bytes)?,
            Field { number: 2, value: Value::Bytes(bytes) } => {
                other = Some(Attribute::Number(f32::from_le_bytes(bytes.try_into().ok()?)));
            }
            Field { number: 4, value: Value::Bytes(bytes) } => other = Some(Attribute::Word(text(bytes)?)),
            Field { number: 3 | 8, value: Value::Whole(value) } => values.push(value as i64),
            Field { number: 8, value: Value::Bytes(bytes) } => values.extend(packed(bytes)?),
            _ => {}
        }
    }
    Some((name, other.unwrap_or(Attribute::Whole(values))))
}

fn constant(bytes: &[u8]) -> Option<(String, Constant)> {
    const FLOAT: u64 = 1;
    const WHOLE: u64 = 7;
    let (mut name, mut constant, mut kind) = (String::new(), Constant::default(), 0);
    let four = |bytes: &[u8]| bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect::<Vec<_>>();
    for field in Fields(bytes) {
        match field? {
            Field { number: 1, value: Value::Whole(length) } => constant.shape.push(usize::try_from(length).ok()?),
            Field { number: 1, value: Value::Bytes(bytes) } => {
                constant.shape.extend(packed(bytes)?.into_iter().map(|length| length as usize));
            }
            Field { number: 2, value: Value::Whole(value) } => kind = value,
            Field { number: 8, value: Value::Bytes(bytes) } => name = text(bytes)?,
            Field { number: 9, value: Value::Bytes(bytes) } => {
                constant.values = four(bytes);
                constant.whole = bytes.as_chunks::<8>().0.iter().map(|eight| i64::from_le_bytes(*eight)).collect();
            }
            Field { number: 4, value: Value::Bytes(bytes) } => constant.values = four(bytes),
            Field { number: 7, value: Value::Whole(value) } => constant.whole.push(value as i64),
            Field { number: 7, value: Value::Bytes(bytes) } => constant.whole.extend(packed(bytes)?),
            _ => {}
        }
    }
    let count = constant.shape.iter().try_fold(1_usize, |product, length| product.checked_mul(*length))?;
    if kind != FLOAT {
        constant.values.clear();
    } else if constant.values.len() != count {
        return None;
    }
    if kind != WHOLE {
        constant.whole.clear();
    }
    Some((name, constant))
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn packed(mut bytes: &[u8]) -> Option<Vec<i64>> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        values.push(whole(&mut bytes)? as i64);
    }
    Some(values)
}

fn whole(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 127) << shift;
        if first & 128 == 0 {
            return Some(value);
        }
    }
    None
}

struct Field<'a> {
    number: u64,
    value: Value<'a>,
}

enum Value<'a> {
    Whole(u64),
    Bytes(&'a [u8]),
}

/// The fields of one message; `Some(None)` where it is damaged.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Option<Field<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<Field<'a>> {
        let tag = whole(&mut self.0)?;
        let value = match tag & 7 {
            0 => Value::Whole(whole(&mut self.0)?),
            1 => Value::Bytes(self.take(8)?),
            2 => {
                let length = usize::try_from(whole(&mut self.0)?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Bytes(self.take(4)?),
            _ => return None,
        };
        Some(Field { number: tag >> 3, value })
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}
