//! YAML text to a small tree whose nodes know their line. Depth and number of nodes are bounded,
//! aliases included, so that a hostile file costs no more than an honest one. Knows no Sigma.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use crate::error::{Located, Result, SigmaError};

const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 50_000;

#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Counted from 1.
    pub line: usize,
    pub data: Data,
}

#[derive(Debug, Clone)]
pub(crate) enum Data {
    Scalar(Scalar),
    List(Vec<Node>),
    /// In the order of the text; a key occurs once.
    Map(Vec<(Key, Node)>),
}

#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub line: usize,
    pub text: String,
}

/// A scalar as written, and what the YAML 1.2 core schema takes it for.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    pub text: String,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str,
}

impl Node {
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.data {
            Data::Map(entries) => entries.iter().find(|(known, _)| known.text == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The scalar's text, unless it is null.
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar(scalar) if scalar.kind != Kind::Null => Some(&scalar.text),
            _ => None,
        }
    }

    /// The node as one of a few words for messages.
    pub fn sort(&self) -> &'static str {
        match &self.data {
            Data::Scalar(scalar) => match scalar.kind {
                Kind::Null => "empty (null)",
                Kind::Bool(_) => "true or false",
                Kind::Int(_) | Kind::Float(_) => "a number",
                Kind::Str => "a text",
            },
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
        }
    }

    fn size(&self) -> usize {
        1 + match &self.data {
            Data::Scalar(_) => 0,
            Data::List(items) => items.iter().map(Node::size).sum(),
            Data::Map(entries) => entries.iter().map(|(_, node)| 1 + node.size()).sum(),
        }
    }
}

/// All documents of `text` that could be read, and the error that ended the reading, if any.
/// Documents that hold nothing are left out.
pub(crate) fn documents(text: &str) -> (Vec<Node>, Option<Located>) {
    let mut builder = Builder::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut last_line = 1;
    for step in Parser::new_from_str(text) {
        let outcome = match step {
            Ok((event, span)) => {
                last_line = span.start.line().max(1);
                builder.take(event, last_line)
            }
            Err(error) => {
                let line = error.marker().line().max(last_line);
                Err(SigmaError::Yaml(error.info().to_owned()).at(line))
            }
        };
        if let Err(error) = outcome {
            return (builder.documents, Some(error));
        }
    }
    (builder.documents, None)
}

enum Open {
    List(Vec<Node>),
    Map { entries: Vec<(Key, Node)>, key: Option<Key> },
}

struct Frame {
    line: usize,
    anchor: usize,
    open: Open,
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let kind = kind_of(&text, style, tag.as_ref());
                let scalar = Scalar { text: text.into_owned(), kind };
                self.finish(Node { line, data: Data::Scalar(scalar) }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.open(line, anchor, Open::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.open(line, anchor, Open::Map { entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(line),
            Event::Alias(id) => {
                let node = self.anchors.get(&id).cloned().ok_or_else(|| {
                    SigmaError::Yaml("an alias stands inside the node it names".to_owned()).at(line)
                })?;
                self.count(node.size(), line)?;
                self.finish(Node { line, ..node }, 0)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn count(&mut self, nodes: usize, line: usize) -> Result<()> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES { Err(SigmaError::TooManyNodes(MAX_NODES).at(line)) } else { Ok(()) }
    }

    fn open(&mut self, line: usize, anchor: usize, open: Open) -> Result<()> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(SigmaError::TooDeep(MAX_DEPTH).at(line));
        }
        self.stack.push(Frame { line, anchor, open });
        Ok(())
    }

    fn close(&mut self, line: usize) -> Result<()> {
        let Some(frame) = self.stack.pop() else {
            return Err(SigmaError::Yaml("a collection ends that never began".to_owned()).at(line));
        };
        let data = match frame.open {
            Open::List(items) => Data::List(items),
            Open::Map { entries, .. } => Data::Map(entries),
        };
        self.finish(Node { line: frame.line, data }, frame.anchor)
    }

    /// Puts a complete node where it belongs.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<()> {
        self.count(1, node.line)?;
        if anchor > 0 {
            self.count(node.size(), node.line)?;
            self.anchors.insert(anchor, node.clone());
        }
        // An alias may bring a subtree that is deep in itself.
        if self.stack.len() + depth(&node) > MAX_DEPTH {
            return Err(SigmaError::TooDeep(MAX_DEPTH).at(node.line));
        }
        match self.stack.last_mut().map(|frame| &mut frame.open) {
            None => {
                if !is_nothing(&node) {
                    self.documents.push(node);
                }
                self.anchors.clear();
            }
            Some(Open::List(items)) => items.push(node),
            Some(Open::Map { entries, key }) => match key.take() {
                Some(known) => entries.push((known, node)),
                None => {
                    let Data::Scalar(scalar) = node.data else {
                        return Err(SigmaError::ComplexKey.at(node.line));
                    };
                    if entries.iter().any(|(known, _)| known.text == scalar.text) {
                        return Err(SigmaError::DuplicateKey(scalar.text).at(node.line));
                    }
                    *key = Some(Key { line: node.line, text: scalar.text });
                }
            },
        }
        Ok(())
    }
}

fn is_nothing(node: &Node) -> bool {
    matches!(&node.data, Data::Scalar(scalar) if scalar.kind == Kind::Null)
}

fn depth(node: &Node) -> usize {
    match &node.data {
        Data::Scalar(_) => 0,
        Data::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Data::Map(entries) => 1 + entries.iter().map(|(_, node)| depth(node)).max().unwrap_or(0),
    }
}

/// YAML 1.2.2 §10.3, the core schema.
fn kind_of(text: &str, style: ScalarStyle, tag: Option<&Cow<'_, Tag>>) -> Kind {
    let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
    if style != ScalarStyle::Plain || is_text {
        return Kind::Str;
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" => return Kind::Bool(true),
        "false" | "False" | "FALSE" => return Kind::Bool(false),
        _ => {}
    }
    let radix = |prefix: &str, radix| {
        text.strip_prefix(prefix).and_then(|digits| i64::from_str_radix(digits, radix).ok())
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Kind::Int(number);
    }
    if let Ok(number) = text.parse::<i64>() {
        return Kind::Int(number);
    }
    let numeric = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    match text.parse::<f64>() {
        Ok(number) if numeric && number.is_finite() => Kind::Float(number),
        _ => Kind::Str,
    }
}
