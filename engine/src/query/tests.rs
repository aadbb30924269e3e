//! Tests of `query`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use kiln_plugin_abi::{Label, PackagePath, Pattern, SyntaxError};
use proptest::prelude::*;

use super::*;

/// A graph from lines `label driver: dependency …`, in the order of ids.
#[derive(Debug)]
struct TinyGraph {
    labels: Vec<Label>,
    drivers: Vec<String>,
    edges: Vec<Vec<NodeId>>,
}

impl TinyGraph {
    fn new(text: &str) -> TinyGraph {
        let lines: Vec<(&str, &str)> = text
            .lines()
            .map(|line| line.trim().split_once(':').unwrap())
            .collect();
        let names: Vec<&str> = lines
            .iter()
            .map(|(head, _)| head.split_once(' ').unwrap().0)
            .collect();
        let id = |name: &str| names.iter().position(|known| *known == name).unwrap() as NodeId;
        TinyGraph {
            labels: names.iter().map(|name| label(name)).collect(),
            drivers: lines
                .iter()
                .map(|(head, _)| head.split_once(' ').unwrap().1.to_owned())
                .collect(),
            edges: lines
                .iter()
                .map(|(_, needs)| needs.split_whitespace().map(id).collect())
                .collect(),
        }
    }
}

fn label(text: &str) -> Label {
    Label::parse(text, &PackagePath::root()).unwrap()
}

impl QueryGraph for TinyGraph {
    type Error = String;

    fn node_count(&self) -> u32 {
        self.labels.len() as u32
    }

    fn resolve(&self, pattern: &Pattern) -> Result<Vec<NodeId>, String> {
        let found: Vec<NodeId> = (0..self.node_count())
            .filter(|node| pattern.matches(&self.labels[*node as usize]))
            .collect();
        match found.is_empty() {
            true => Err(format!("no {pattern}")),
            false => Ok(found),
        }
    }

    fn dependencies(&self, node: NodeId) -> &[NodeId] {
        &self.edges[node as usize]
    }

    fn label(&self, node: NodeId) -> Cow<'_, str> {
        self.labels[node as usize].to_string().into()
    }

    fn driver(&self, node: NodeId) -> Option<&str> {
        Some(&self.drivers[node as usize])
    }

    fn attribute(&self, node: NodeId, name: &str) -> Option<Cow<'_, str>> {
        (name == "name").then(|| self.labels[node as usize].name().as_str().into())
    }

    fn attribute_labels(&self, node: NodeId, name: &str) -> Vec<NodeId> {
        match name {
            "deps" => self.edges[node as usize].clone(),
            _ => Vec::new(),
        }
    }
}

/// `//a` needs `//b` and `//c`, both need `//d`, which needs `//d/e`.
fn diamond() -> TinyGraph {
    TinyGraph::new(
        "//a sh://b //c
         //b bash://d
         //c sh://d
         //d group://d/e
         //d/e text_file:
         //x-y sh:",
    )
}

fn parse(text: &str) -> Result<Expression, SyntaxError> {
    Expression::parse(text, &PackagePath::parse("d").unwrap())
}

fn ask(text: &str) -> String {
    let expression = parse(text).unwrap_or_else(|error| panic!("{error}"));
    let answer = evaluate(&expression, &diamond()).unwrap();
    let short = |label: &String| label.rsplit_once(':').unwrap().1.to_owned();
    let mut names: Vec<String> = answer.labels.iter().map(short).collect();
    names.sort();
    names.join(" ")
}

#[test]
fn queries_mean_what_they_say() {
    for (query, expected) in [
        ("//a", "a"),
        ("//...", "a b c d e x-y"),
        ("//d/...", "d e"),
        (":all", "d"),
        (":d", "d"),
        ("deps(//b)", "b d e"),
        ("deps(//a, 0)", "a"),
        ("deps(//a, 1)", "a b c"),
        ("deps(//a, 2)", "a b c d"),
        ("rdeps(//a, //d)", "a b c d"),
        ("rdeps(//a, //d, 1)", "b c d"),
        ("rdeps(//b, //d)", "b d"),
        ("rdeps(//b, //c)", ""),
        ("somepath(//a, //d/e)", "a b d e"),
        ("somepath(//d, //a)", ""),
        ("somepath(//a, //a)", "a"),
        ("allpaths(//a, //d)", "a b c d"),
        ("allpaths(//b, //d)", "b d"),
        ("allpaths(//d, //a)", ""),
        ("kind(sh, //...)", "a c x-y"),
        ("kind('sh', //...)", "a c x-y"),
        ("kind(.*sh$, //...)", "a b c x-y"),
        ("kind('s|g', //...)", "a b c d x-y"),
        ("attr(name, '^[ab]$', //...)", "a b"),
        ("attr(nothing, '', //...)", ""),
        ("labels(deps, //a + //b)", "b c d"),
        ("labels(tools, //a)", ""),
        ("//a + //b - //a", "b"),
        ("//a - //a + //b", "b"),
        ("//a + (//b - //a)", "a b"),
        ("//a union //b intersect //b", "b"),
        ("//a union (//b intersect //b)", "a b"),
        ("deps(//a) except deps(//b)", "a c"),
        ("deps(//a)^deps(//b)", "b d e"),
        ("//x-y", "x-y"),
        ("//... -//x-y -//a", "b c d e"),
        ("//a+//b", "a b"),
        (" ( ( \"//a\" ) ) ", "a"),
    ] {
        assert_eq!(ask(query), expected, "{query}");
    }
}

#[test]
fn errors_stand_below_the_offending_character() {
    for (query, offset, part) in [
        ("", 0, "missing"),
        ("  ", 2, "missing"),
        ("//a +", 5, "missing"),
        ("//a //b", 4, "operator"),
        ("+ //a", 0, "must stand here"),
        ("- //a", 0, "must stand here"),
        ("(//a", 4, "`)` is missing"),
        ("//a)", 3, "without"),
        ("dep(//a)", 0, "did you mean `deps`"),
        ("frobnicate(//a)", 0, "only deps"),
        ("deps(//a, x)", 10, "number"),
        ("deps(//a, -1)", 10, "number"),
        ("deps(//a, 99999999999)", 10, "number"),
        ("deps()", 5, "must stand here"),
        ("rdeps(//a)", 9, "argument"),
        ("somepath(//a, //b, //c)", 17, "`)`"),
        ("kind('(', //a)", 6, "not a regular expression"),
        ("kind(//a)", 8, "argument"),
        ("attr(name, //a)", 14, "argument"),
        ("//a + //b//c", 10, "empty segment"),
        ("//a + '//b c'", 10, "not allowed"),
        ("deps(//a:b:c)", 10, "not allowed"),
        ("\"//a", 0, "not closed"),
        ("union", 0, "must stand here"),
        ("é", 0, "label"),
    ] {
        let error = parse(query).unwrap_err();
        assert_eq!((error.what, error.offset), ("query", offset), "{error}");
        assert!(error.message.contains(part), "{error}");
    }
}

#[test]
fn nesting_is_bounded_and_chains_are_not() {
    let deep = "(".repeat(100_000);
    assert!(parse(&deep).unwrap_err().message.contains("100 levels"));
    let deep = format!("{}//a{}", "deps(".repeat(50_000), ")".repeat(50_000));
    assert!(parse(&deep).unwrap_err().message.contains("100 levels"));
    let fine = format!("{}//a{}", "(".repeat(99), ")".repeat(99));
    assert_eq!(ask(&fine), "a");
    let many = format!("//a{}", " + //a".repeat(100_000));
    assert_eq!(ask(&many), "a");
    assert_eq!(parse(&many).unwrap().patterns().len(), 100_001);
}

#[test]
fn regular_expressions_are_bounded() {
    let error = parse("kind('(a{1000}){1000}', //a)").unwrap_err();
    assert!(error.message.contains("too large"), "{error}");
}

#[test]
fn a_chain_of_100000_targets_does_not_grow_the_stack() {
    let count = 100_000_u32;
    let graph = TinyGraph {
        labels: (0..count).map(|n| label(&format!("//:t{n}"))).collect(),
        drivers: vec!["sh".to_owned(); count as usize],
        edges: (0..count)
            .map(|n| (n + 1..count).take(1).collect())
            .collect(),
    };
    let size = |query: &str| {
        evaluate(&parse(query).unwrap(), &graph)
            .unwrap()
            .labels
            .len()
    };
    assert_eq!(size("deps(//:t0)"), 100_000);
    assert_eq!(size("rdeps(//:t0, //:t99999)"), 100_000);
    assert_eq!(size("somepath(//:t0, //:t99999)"), 100_000);
    assert_eq!(size("allpaths(//:t10, //:t20)"), 11);
}

#[test]
fn unknown_targets_are_the_graphs_error() {
    let error = evaluate(&parse("//a + //nope").unwrap(), &diamond()).unwrap_err();
    assert_eq!(error, "no //nope:nope");
}

#[test]
fn an_answer_holds_the_edges_among_its_nodes() {
    let answer = evaluate(&parse("deps(//b) + //a").unwrap(), &diamond()).unwrap();
    assert_eq!(answer.labels, ["//a:a", "//b:b", "//d/e:e", "//d:d"]);
    assert_eq!(answer.edges, [(0, 1), (1, 3), (3, 2)]);
}

#[test]
fn dot_text_is_escaped() {
    let labels = ["//a:b@k=\"x\\\\y\"".to_owned(), "//c:c".to_owned()];
    let expected = "digraph targets {\n  node [shape=box];\n  \
        \"//a:b@k=\\\"x\\\\\\\\y\\\"\";\n  \"//c:c\";\n  \
        \"//a:b@k=\\\"x\\\\\\\\y\\\"\" -> \"//c:c\";\n}\n";
    assert_eq!(dot(&labels, &[(0, 1)]), expected);
}

/// The meaning of expressions in the plainest words, to compare with.
fn naive(expression: &Expression, graph: &TinyGraph) -> BTreeSet<NodeId> {
    let set = |expression: &Expression| naive(expression, graph);
    let step = |from: &BTreeSet<NodeId>| -> BTreeSet<NodeId> {
        let next = from.iter().flat_map(|node| graph.dependencies(*node));
        from.iter().chain(next).copied().collect()
    };
    let steps = |start: BTreeSet<NodeId>, count: u32| {
        (0..count.min(graph.node_count())).fold(start, |set, _| step(&set))
    };
    let all = graph.node_count();
    let reaches = |a: NodeId, b: NodeId| steps(BTreeSet::from([a]), all).contains(&b);
    match expression {
        Expression::Pattern(pattern) => graph.resolve(pattern).unwrap().into_iter().collect(),
        Expression::Chain { first, rest } => {
            rest.iter().fold(set(first), |left, (operator, right)| {
                let right = set(right);
                match operator {
                    Operator::Union => &left | &right,
                    Operator::Except => &left - &right,
                    Operator::Intersect => &left & &right,
                }
            })
        }
        Expression::Dependencies { of, depth } => steps(set(of), depth.unwrap_or(all)),
        Expression::ReverseDependencies {
            universe,
            of,
            depth,
        } => {
            let universe = steps(set(universe), all);
            let of = &set(of) & &universe;
            let depth = depth.unwrap_or(all);
            let needs = |node: &NodeId| !(&steps(BTreeSet::from([*node]), depth) & &of).is_empty();
            universe.iter().copied().filter(needs).collect()
        }
        Expression::AllPaths { from, to } => {
            let (from, to) = (set(from), set(to));
            (0..all)
                .filter(|node| {
                    from.iter().any(|start| reaches(*start, *node))
                        && to.iter().any(|end| reaches(*node, *end))
                })
                .collect()
        }
        Expression::Kind { driver, of } => {
            let of = set(of).into_iter();
            of.filter(|node| driver.matches(graph.driver(*node).unwrap()))
                .collect()
        }
        Expression::Labels { of, .. } => {
            let of = set(of).into_iter();
            of.flat_map(|node| graph.edges[node as usize].clone())
                .collect()
        }
        other => panic!("not generated: {other:?}"),
    }
}

fn graphs() -> impl Strategy<Value = TinyGraph> {
    let edge = proptest::bool::weighted(0.25);
    let edges = proptest::collection::vec(proptest::collection::vec(edge, 10), 10);
    edges.prop_map(|matrix| TinyGraph {
        labels: (0..10).map(|node| label(&format!("//:t{node}"))).collect(),
        drivers: (0..10)
            .map(|node| ["sh", "bash"][node % 2].to_owned())
            .collect(),
        edges: (0..10)
            .map(|from| {
                let needs = |to: &NodeId| matrix[from as usize][*to as usize];
                (from + 1..10).filter(needs).collect()
            })
            .collect(),
    })
}

fn queries() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => (0..10).prop_map(|node| format!("//:t{node}")),
        1 => Just("//...".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let depth = prop_oneof![Just(String::new()), (0..4).prop_map(|n| format!(", {n}"))];
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            (inner.clone(), depth.clone()).prop_map(|(x, n)| format!("deps({x}{n})")),
            (two.clone(), depth).prop_map(|((u, x), n)| format!("rdeps({u}, {x}{n})")),
            two.clone().prop_map(|(a, b)| format!("allpaths({a}, {b})")),
            inner.clone().prop_map(|x| format!("kind(sh, {x})")),
            inner.clone().prop_map(|x| format!("labels(deps, {x})")),
            (two.clone(), "[-+^]").prop_map(|((a, b), o)| format!("{a} {o} {b}")),
            (two, "[-+^]").prop_map(|((a, b), o)| format!("({a}) {o} ({b})")),
        ]
    })
}

proptest! {
    #[test]
    fn answers_are_those_of_the_naive_model(graph in graphs(), query in queries()) {
        let expression = Expression::parse(&query, &PackagePath::root()).unwrap();
        let answer = evaluate(&expression, &graph).unwrap();
        let found: BTreeSet<NodeId> = answer.nodes.iter().copied().collect();
        prop_assert_eq!(found, naive(&expression, &graph), "{}", query);
    }

    #[test]
    fn some_path_is_a_shortest_one(graph in graphs(), from in 0..10_u32, to in 0..10_u32) {
        let text = format!("somepath(//:t{from}, //:t{to})");
        let expression = Expression::parse(&text, &PackagePath::root()).unwrap();
        let answer = evaluate(&expression, &graph).unwrap();
        let within = |steps: u32| {
            let text = format!("deps(//:t{from}, {steps})");
            naive(&Expression::parse(&text, &PackagePath::root()).unwrap(), &graph).contains(&to)
        };
        match (0..10).find(|steps| within(*steps)) {
            None => prop_assert!(answer.nodes.is_empty()),
            Some(steps) => {
                prop_assert_eq!(answer.nodes.len() as u32, steps + 1);
                prop_assert!(answer.nodes.contains(&from) && answer.nodes.contains(&to));
                prop_assert!(answer.edges.len() as u32 >= steps);
            }
        }
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in "[/a:(),+^'\"@=. -]{0,40}|\\PC{0,40}") {
        if let Err(error) = parse(&text) {
            prop_assert!(text.is_char_boundary(error.offset), "{}", error);
        }
    }
}
