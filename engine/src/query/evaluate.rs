//! From an expression and a graph to the set it describes.

use kiln_plugin_abi::Pattern;

use super::expression::{Expression, Operator};
use super::graph::QueryGraph;
use super::output::Answer;
use super::set::NodeSet;
use super::traverse::{Reversed, reach, some_path};

/// Answers a query. Fails only when a pattern cannot be resolved.
pub fn evaluate<G: QueryGraph>(expression: &Expression, graph: &G) -> Result<Answer, G::Error> {
    let set = Evaluator { graph }.set(expression)?;
    Ok(Answer::new(graph, &set))
}

struct Evaluator<'a, G> {
    graph: &'a G,
}

impl<'a, G: QueryGraph> Evaluator<'a, G> {
    /// The recursion is as deep as the parser allows.
    fn set(&self, expression: &Expression) -> Result<NodeSet, G::Error> {
        match expression {
            Expression::Pattern(pattern) => self.pattern(pattern),
            Expression::Chain { first, rest } => self.chain(first, rest),
            Expression::Dependencies { of, depth } => Ok(self.needed_by(self.set(of)?, *depth)),
            Expression::ReverseDependencies {
                universe,
                of,
                depth,
            } => {
                let universe = self.needed_by(self.set(universe)?, None);
                let mut start = self.set(of)?;
                start.intersect(&universe);
                Ok(self.needing(start, &universe, *depth))
            }
            Expression::SomePath { from, to } => {
                let (from, to) = (self.set(from)?, self.set(to)?);
                Ok(some_path(self.graph, &from, &to))
            }
            Expression::AllPaths { from, to } => {
                let below = self.needed_by(self.set(from)?, None);
                let mut ends = self.set(to)?;
                ends.intersect(&below);
                Ok(self.needing(ends, &below, None))
            }
            Expression::Kind { driver, of } => {
                let is_meant = |node| {
                    let name = self.graph.driver(node);
                    name.is_some_and(|name| driver.matches(name))
                };
                Ok(self.filtered(&self.set(of)?, is_meant))
            }
            Expression::Attribute { name, value, of } => {
                let is_meant = |node| {
                    let text = self.graph.attribute(node, name);
                    text.is_some_and(|text| value.matches(&text))
                };
                Ok(self.filtered(&self.set(of)?, is_meant))
            }
            Expression::Labels { attribute, of } => {
                let of = self.set(of)?;
                let named = of
                    .iter()
                    .flat_map(|node| self.graph.attribute_labels(node, attribute));
                Ok(self.collect(named))
            }
        }
    }

    fn pattern(&self, pattern: &Pattern) -> Result<NodeSet, G::Error> {
        Ok(self.collect(self.graph.resolve(pattern)?))
    }

    fn chain(
        &self,
        first: &Expression,
        rest: &[(Operator, Expression)],
    ) -> Result<NodeSet, G::Error> {
        let mut result = self.set(first)?;
        for (operator, operand) in rest {
            let operand = self.set(operand)?;
            match operator {
                Operator::Union => result.unite(&operand),
                Operator::Except => result.subtract(&operand),
                Operator::Intersect => result.intersect(&operand),
            }
        }
        Ok(result)
    }

    fn needed_by(&self, start: NodeSet, depth: Option<u32>) -> NodeSet {
        reach(start, depth, |node| self.graph.dependencies(node))
    }

    fn needing(&self, start: NodeSet, within: &NodeSet, depth: Option<u32>) -> NodeSet {
        let reversed = Reversed::new(self.graph, within);
        reach(start, depth, |node| reversed.of(node))
    }

    fn filtered(&self, of: &NodeSet, is_meant: impl Fn(u32) -> bool) -> NodeSet {
        self.collect(of.iter().filter(|node| is_meant(*node)))
    }

    fn collect(&self, nodes: impl IntoIterator<Item = u32>) -> NodeSet {
        let mut set = NodeSet::empty(self.graph.node_count());
        for node in nodes {
            set.insert(node);
        }
        set
    }
}
