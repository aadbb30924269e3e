//! A bound on how deep a file's syntax tree can be, found before it is parsed.
//!
//! The parser and compiler recurse once per level, so a file of 100,000 brackets
//! would take the whole engine down. This walks the text once, with a rough
//! notion of tokens, and counts what nests: brackets, indentation, `elif`, and
//! the operators of one expression (`a + b + c` is a tree of depth three).

/// Deepest nesting of brackets and of blocks.
const DEEPEST_BRACKETS: usize = 200;
/// Deepest syntax tree, operators included.
const DEEPEST_TREE: usize = 5_000;

/// Where and why a file nests too deep.
#[derive(Debug)]
pub(super) struct TooDeep {
    /// Byte offset in the text.
    pub offset: usize,
    pub message: String,
}

/// Refuses text whose syntax tree may be too deep.
pub(super) fn check(text: &str) -> Result<(), TooDeep> {
    let mut walk = Walk::new(text);
    while walk.at < walk.bytes.len() {
        walk.step();
        let (limit, what) = if walk.brackets() > DEEPEST_BRACKETS {
            (DEEPEST_BRACKETS, "brackets are nested")
        } else if walk.blocks.len() > DEEPEST_BRACKETS {
            (DEEPEST_BRACKETS, "blocks are nested")
        } else if walk.depth() > DEEPEST_TREE {
            (DEEPEST_TREE, "the expression is nested")
        } else {
            continue;
        };
        // A character boundary, whatever was being read.
        let offset = (0..=walk.start.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        let message = format!("{what} more than {limit} deep");
        return Err(TooDeep { offset, message });
    }
    Ok(())
}

/// What surrounds the current place.
#[derive(Debug)]
enum Level {
    /// The file itself, or an open bracket: its operators so far.
    Code { operators: usize, lambdas: usize },
    /// The text of an f-string, up to this quote.
    Text { quote: u8, triple: bool },
}

/// A block of lines with one indentation.
#[derive(Debug)]
struct Block {
    indent: usize,
    /// `elif` lines of the `if` that is open here.
    branches: usize,
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the last token began.
    start: usize,
    levels: Vec<Level>,
    /// Operators of all levels, kept as a sum.
    operators: usize,
    blocks: Vec<Block>,
    at_line_start: bool,
}

impl<'a> Walk<'a> {
    fn new(text: &'a str) -> Walk<'a> {
        Walk {
            bytes: text.as_bytes(),
            at: 0,
            start: 0,
            levels: vec![Level::Code {
                operators: 0,
                lambdas: 0,
            }],
            operators: 0,
            blocks: Vec::new(),
            at_line_start: true,
        }
    }

    fn brackets(&self) -> usize {
        self.levels.len() - 1
    }

    fn depth(&self) -> usize {
        let branches: usize = self.blocks.iter().map(|block| block.branches).sum();
        self.operators + branches + self.blocks.len() + self.levels.len()
    }

    fn starts_with(&self, text: &[u8]) -> bool {
        self.bytes[self.at..].starts_with(text)
    }

    /// Takes one token, or one character of an f-string.
    fn step(&mut self) {
        if let Some(Level::Text { quote, triple }) = self.levels.last() {
            let (quote, triple) = (*quote, *triple);
            self.step_in_text(quote, triple);
            return;
        }
        if self.at_line_start && self.levels.len() == 1 {
            self.at_line_start = false;
            self.begin_line();
        }
        self.start = self.at;
        let Some(&byte) = self.bytes.get(self.at) else {
            return;
        };
        match byte {
            b'#' => self.skip_while(|byte| byte != b'\n'),
            b'\\' => self.at += 2,
            b'"' | b'\'' => self.begin_string(false),
            b'(' | b'[' | b'{' => self.open(),
            b')' | b']' | b'}' => self.close(),
            b'\n' | b';' | b',' => {
                self.at += 1;
                self.end_expression(byte);
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => self.word(),
            b'0'..=b'9' => self.skip_while(|byte| byte.is_ascii_alphanumeric()),
            b' ' | b'\t' | b'\r' | b':' => self.at += 1,
            _ => {
                self.at += 1;
                self.count_operator(false);
            }
        }
    }

    fn skip_while(&mut self, is_part: impl Fn(u8) -> bool) {
        while self.bytes.get(self.at).is_some_and(|byte| is_part(*byte)) {
            self.at += 1;
        }
    }

    /// Measures the indentation of a line and closes what it ends.
    fn begin_line(&mut self) {
        let line_start = self.at;
        self.start = line_start;
        self.skip_while(|byte| matches!(byte, b' ' | b'\t'));
        let indent = self.at - line_start;
        let is_blank = matches!(self.bytes.get(self.at), None | Some(b'\n' | b'\r' | b'#'));
        if is_blank {
            return;
        }
        while self
            .blocks
            .last()
            .is_some_and(|block| block.indent > indent)
        {
            self.blocks.pop();
        }
        let is_branch = self.starts_with(b"elif");
        match self.blocks.last_mut() {
            Some(block) if block.indent == indent => {
                block.branches = if is_branch { block.branches + 1 } else { 0 };
            }
            _ => self.blocks.push(Block {
                indent,
                branches: 0,
            }),
        }
    }

    fn open(&mut self) {
        // A bracket behind an operand is a call or an index, which nests like an
        // operator; counting every bracket is good enough.
        self.count_operator(false);
        self.at += 1;
        self.levels.push(Level::Code {
            operators: 0,
            lambdas: 0,
        });
    }

    fn close(&mut self) {
        self.at += 1;
        if self.levels.len() == 1 {
            return;
        }
        if let Some(Level::Code { operators, lambdas }) = self.levels.pop() {
            self.operators -= operators + lambdas;
        }
    }

    fn count_operator(&mut self, is_lambda: bool) {
        if let Some(Level::Code { operators, lambdas }) = self.levels.last_mut() {
            self.operators += 1;
            if is_lambda {
                *lambdas += 1;
            } else {
                *operators += 1;
            }
        }
    }

    /// A comma starts a new expression, though not for an enclosing `lambda`; a
    /// line's end outside of brackets starts a new statement.
    fn end_expression(&mut self, byte: u8) {
        let is_outside = self.levels.len() == 1;
        let ends_statement = byte != b',';
        if ends_statement && !is_outside {
            return;
        }
        if byte == b'\n' {
            self.at_line_start = true;
        }
        if let Some(Level::Code { operators, lambdas }) = self.levels.last_mut() {
            self.operators -= *operators;
            *operators = 0;
            if ends_statement {
                self.operators -= *lambdas;
                *lambdas = 0;
            }
        }
    }

    fn word(&mut self) {
        self.skip_while(|byte| byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80);
        let word = &self.bytes[self.start..self.at];
        match word {
            b"and" | b"or" | b"not" | b"in" | b"if" | b"else" | b"for" => {
                self.count_operator(false);
            }
            b"lambda" => self.count_operator(true),
            _ if matches!(self.bytes.get(self.at), Some(b'"' | b'\'')) && word.len() <= 2 => {
                self.begin_string(word.iter().any(|byte| matches!(byte, b'f' | b'F')));
            }
            _ => {}
        }
    }

    /// Skips a string; of an f-string only the opening quote.
    fn begin_string(&mut self, is_format: bool) {
        let quote = self.bytes[self.at];
        let triple = self.starts_with(&[quote; 3]);
        self.at += if triple { 3 } else { 1 };
        if is_format {
            self.levels.push(Level::Text { quote, triple });
            return;
        }
        while self.at < self.bytes.len() {
            if self.ends_string(quote, triple) {
                return;
            }
            self.at += if self.bytes[self.at] == b'\\' { 2 } else { 1 };
        }
    }

    /// Takes the closing quote, or the line's end of a string that lacks one.
    fn ends_string(&mut self, quote: u8, triple: bool) -> bool {
        let length = match self.bytes[self.at] {
            b'\n' if !triple => 0,
            byte if byte != quote => return false,
            _ if !triple => 1,
            _ if self.starts_with(&[quote; 3]) => 3,
            _ => return false,
        };
        self.at += length;
        true
    }

    fn step_in_text(&mut self, quote: u8, triple: bool) {
        self.start = self.at;
        if self.ends_string(quote, triple) {
            self.levels.pop();
        } else if self.starts_with(b"{{") || self.bytes[self.at] == b'\\' {
            self.at += 2;
        } else if self.bytes[self.at] == b'{' {
            self.at += 1;
            self.levels.push(Level::Code {
                operators: 0,
                lambdas: 0,
            });
        } else {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests;
