//! A query as data.

use kiln_plugin_abi::Pattern;

use super::matcher::Matcher;

/// How two sets become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `+`: what is in either.
    Union,
    /// `-`: what is in the first only.
    Except,
    /// `^`: what is in both.
    Intersect,
}

/// A set of targets, described.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// What a pattern matches.
    Pattern(Pattern),
    /// Sets combined from the left to the right. A list, so that a long chain
    /// of operators is not a deep tree.
    Chain {
        /// Where it begins.
        first: Box<Expression>,
        /// What is done to it.
        rest: Vec<(Operator, Expression)>,
    },
    /// The targets that `of` needs, and `of` itself.
    Dependencies {
        /// The start.
        of: Box<Expression>,
        /// How many steps; `None` is without bound.
        depth: Option<u32>,
    },
    /// The targets that need `of`, and `of` itself.
    ReverseDependencies {
        /// Only what this set needs, itself included, is looked at.
        universe: Box<Expression>,
        /// The start.
        of: Box<Expression>,
        /// How many steps; `None` is without bound.
        depth: Option<u32>,
    },
    /// The targets on one shortest path.
    SomePath {
        /// Where it starts.
        from: Box<Expression>,
        /// Where it ends.
        to: Box<Expression>,
    },
    /// The targets on any path.
    AllPaths {
        /// Where paths start.
        from: Box<Expression>,
        /// Where paths end.
        to: Box<Expression>,
    },
    /// Those of `of` whose driver matches.
    Kind {
        /// What the driver's name must match.
        driver: Matcher,
        /// The targets.
        of: Box<Expression>,
    },
    /// Those of `of` whose attribute matches.
    Attribute {
        /// The attribute's name.
        name: String,
        /// What its value, as text, must match.
        value: Matcher,
        /// The targets.
        of: Box<Expression>,
    },
    /// The targets that an attribute of those of `of` names.
    Labels {
        /// The attribute's name.
        attribute: String,
        /// The targets.
        of: Box<Expression>,
    },
}

impl Expression {
    /// All patterns of the query, in the order of their appearance.
    #[must_use]
    pub fn patterns(&self) -> Vec<&Pattern> {
        let mut patterns = Vec::new();
        self.collect_patterns(&mut patterns);
        patterns
    }

    fn collect_patterns<'a>(&'a self, patterns: &mut Vec<&'a Pattern>) {
        match self {
            Expression::Pattern(pattern) => patterns.push(pattern),
            Expression::Chain { first, rest } => {
                first.collect_patterns(patterns);
                for (_, operand) in rest {
                    operand.collect_patterns(patterns);
                }
            }
            Expression::ReverseDependencies { universe, of, .. } => {
                universe.collect_patterns(patterns);
                of.collect_patterns(patterns);
            }
            Expression::SomePath { from, to } | Expression::AllPaths { from, to } => {
                from.collect_patterns(patterns);
                to.collect_patterns(patterns);
            }
            Expression::Dependencies { of, .. }
            | Expression::Kind { of, .. }
            | Expression::Attribute { of, .. }
            | Expression::Labels { of, .. } => of.collect_patterns(patterns),
        }
    }
}
