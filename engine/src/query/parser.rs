//! From tokens to an [`Expression`].

use kiln_plugin_abi::{PackagePath, Pattern, SyntaxError, did_you_mean};

use super::expression::Expression;
use super::lexer::{Kind, Lexer, Token};
use super::matcher::Matcher;

/// How deep parentheses and functions may nest: far more than people write,
/// far less than a thread's stack holds.
const DEEPEST: usize = 100;

const FUNCTIONS: [&str; 7] = [
    "deps", "rdeps", "somepath", "allpaths", "kind", "attr", "labels",
];

impl Expression {
    /// Reads a query; `:name` and `:all` are relative to `package`.
    pub fn parse(text: &str, package: &PackagePath) -> Result<Expression, SyntaxError> {
        let mut lexer = Lexer::new(text);
        let token = lexer.next()?;
        let mut parser = Parser {
            text,
            package,
            lexer,
            token,
            nesting: 0,
        };
        let expression = parser.expression()?;
        match parser.token.kind {
            Kind::End => Ok(expression),
            Kind::Close => Err(parser.error("`)` without `(`")),
            _ => Err(parser.error("an operator must stand here: `+`, `-` or `^`")),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    package: &'a PackagePath,
    lexer: Lexer<'a>,
    /// The next token, not taken yet.
    token: Token<'a>,
    nesting: usize,
}

type Parsed<T> = Result<T, SyntaxError>;

impl<'a> Parser<'a> {
    fn error(&self, message: impl Into<String>) -> SyntaxError {
        self.error_at(self.token.offset, message)
    }

    fn error_at(&self, offset: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new("query", self.text, offset, message)
    }

    /// Takes the next token.
    fn take(&mut self) -> Parsed<Token<'a>> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn expect(&mut self, kind: &Kind<'_>, message: &str) -> Parsed<()> {
        match self.token.kind == *kind {
            true => self.take().map(drop),
            false => Err(self.error(message)),
        }
    }

    /// Operands with operators between them. All operators bind alike.
    fn expression(&mut self) -> Parsed<Expression> {
        self.nesting += 1;
        if self.nesting > DEEPEST {
            let message = format!("nested more than {DEEPEST} levels deep");
            return Err(self.error(message));
        }
        let first = self.operand()?;
        let mut rest = Vec::new();
        while let Kind::Operator(operator) = self.token.kind {
            self.take()?;
            rest.push((operator, self.operand()?));
        }
        self.nesting -= 1;
        if rest.is_empty() {
            return Ok(first);
        }
        let first = Box::new(first);
        Ok(Expression::Chain { first, rest })
    }

    fn operand(&mut self) -> Parsed<Expression> {
        match self.token.kind {
            Kind::Open => {
                self.take()?;
                let expression = self.expression()?;
                self.expect(&Kind::Close, "`)` is missing")?;
                Ok(expression)
            }
            Kind::Word(word) => {
                let offset = self.take()?.offset;
                match self.token.kind {
                    Kind::Open => self.function(word, offset),
                    _ => self.pattern(word, offset),
                }
            }
            Kind::End => Err(self.error("a pattern or function is missing")),
            _ => Err(self.error("a pattern, a function or `(` must stand here")),
        }
    }

    fn pattern(&self, word: &str, offset: usize) -> Parsed<Expression> {
        Pattern::parse(word, self.package)
            .map(Expression::Pattern)
            .map_err(|error| self.error_at(offset + error.offset, error.message))
    }

    /// A call; the next token is its `(`.
    fn function(&mut self, name: &str, offset: usize) -> Parsed<Expression> {
        if !FUNCTIONS.contains(&name) {
            let message = match did_you_mean(name, FUNCTIONS) {
                Some(near) => format!("there is no such function; did you mean `{near}`?"),
                None => format!("there is no such function, only {}", FUNCTIONS.join(", ")),
            };
            return Err(self.error_at(offset, message));
        }
        self.take()?;
        let call = match name {
            "deps" => Expression::Dependencies {
                of: self.set()?,
                depth: self.depth()?,
            },
            "rdeps" => Expression::ReverseDependencies {
                universe: self.set()?,
                of: self.next_set()?,
                depth: self.depth()?,
            },
            "somepath" => Expression::SomePath {
                from: self.set()?,
                to: self.next_set()?,
            },
            "allpaths" => Expression::AllPaths {
                from: self.set()?,
                to: self.next_set()?,
            },
            "kind" => Expression::Kind {
                driver: self.matcher(Matcher::name_or_pattern)?,
                of: self.next_set()?,
            },
            "attr" => Expression::Attribute {
                name: self
                    .word("the name of an attribute must stand here")?
                    .0
                    .to_owned(),
                value: {
                    self.comma()?;
                    self.matcher(Matcher::pattern)?
                },
                of: self.next_set()?,
            },
            _ => Expression::Labels {
                attribute: self
                    .word("the name of an attribute must stand here")?
                    .0
                    .to_owned(),
                of: self.next_set()?,
            },
        };
        self.expect(&Kind::Close, "`)` or an operator is missing")?;
        Ok(call)
    }

    fn set(&mut self) -> Parsed<Box<Expression>> {
        self.expression().map(Box::new)
    }

    fn next_set(&mut self) -> Parsed<Box<Expression>> {
        self.comma()?;
        self.set()
    }

    fn comma(&mut self) -> Parsed<()> {
        self.expect(&Kind::Comma, "`,` and another argument are missing")
    }

    fn word(&mut self, message: &str) -> Parsed<(&'a str, usize)> {
        match self.token.kind {
            Kind::Word(word) => Ok((word, self.take()?.offset)),
            _ => Err(self.error(message)),
        }
    }

    fn matcher(&mut self, read: fn(&str) -> Result<Matcher, String>) -> Parsed<Matcher> {
        let (word, offset) = self.word("a word or a regular expression must stand here")?;
        read(word).map_err(|message| self.error_at(offset, message))
    }

    /// `, n` if it is there.
    fn depth(&mut self) -> Parsed<Option<u32>> {
        if self.token.kind != Kind::Comma {
            return Ok(None);
        }
        self.take()?;
        let (word, offset) = self.word("a number of steps must stand here")?;
        let number = word.parse::<u32>();
        number
            .map(Some)
            .map_err(|_| self.error_at(offset, "a number of steps must stand here"))
    }
}
