//! A graph in which each node's first input is the output of the one before.

use crate::onnx::{Constant, Graph, Node};

/// Takes such a graph apart from its input on.
pub struct Chain<'a> {
    graph: &'a Graph,
    next: usize,
    /// What the last node gave.
    value: &'a str,
}

impl<'a> Chain<'a> {
    /// From the graph's only input on.
    pub fn new(graph: &'a Graph) -> Option<Self> {
        let [(input, _)] = graph.inputs.as_slice() else { return None };
        Some(Self { graph, next: 0, value: input })
    }

    /// The next node, whatever it is.
    pub fn peek(&self) -> Option<&'a Node> {
        self.graph.nodes.get(self.next)
    }

    /// Whether the next node is this `operator`.
    pub fn next_is(&self, operator: &str) -> bool {
        self.peek().is_some_and(|node| node.operator == operator)
    }

    /// The next node, if it is this `operator` on what the last one gave, with these whole-number attributes, with `others`
    /// that are numbers or words, and no more.
    pub fn take(&mut self, operator: &str, attributes: &[(&str, &[i64])], others: &[&str]) -> Option<&'a Node> {
        let node = self.peek()?;
        let fits = node.operator == operator
            && node.input(0) == self.value
            && node.outputs.len() == 1
            && node.attributes.len() == attributes.len()
            && node.numbers.len() + node.words.len() == others.len()
            && others.iter().all(|name| node.numbers.contains_key(*name) || node.words.contains_key(*name))
            && attributes.iter().all(|(name, values)| node.attributes.get(*name).is_some_and(|own| own == values));
        self.next += 1;
        self.value = node.output();
        fits.then_some(node)
    }

    /// Input `number` of a node, a constant.
    pub fn constant(&self, node: &Node, number: usize) -> Option<&'a Constant> {
        self.graph.constants.get(node.input(number))
    }

    /// As [`Self::take`] for a node without attributes, whose second input must be these whole numbers.
    pub fn take_with(&mut self, operator: &str, whole: &[i64]) -> Option<()> {
        let node = self.take(operator, &[], &[])?;
        (self.constant(node, 1)?.whole == whole).then_some(())
    }

    /// Nothing is left, and what the last node gave is the graph's only output.
    pub fn end(&self) -> Option<()> {
        let [(output, _)] = self.graph.outputs.as_slice() else { return None };
        (self.next == self.graph.nodes.len() && output == self.value).then_some(())
    }
}
