//! From the text of a query to its tokens.

use kiln_plugin_abi::SyntaxError;

use super::expression::Operator;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Open,
    Close,
    Comma,
    Operator(Operator),
    /// A word; keywords in quotes are words too.
    Word(&'a str),
    End,
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub kind: Kind<'a>,
    /// Byte offset of the first character; for words in quotes, of the first
    /// character behind the quote.
    pub offset: usize,
}

/// Reads one token after the other.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Lexer<'a> {
        Lexer { text, at: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Token<'a>, SyntaxError> {
        let rest = self.text[self.at..].trim_start();
        let offset = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            self.at = self.text.len();
            return Ok(Token {
                kind: Kind::End,
                offset,
            });
        };
        let single = match first {
            '(' => Some(Kind::Open),
            ')' => Some(Kind::Close),
            ',' => Some(Kind::Comma),
            '+' => Some(Kind::Operator(Operator::Union)),
            '-' => Some(Kind::Operator(Operator::Except)),
            '^' => Some(Kind::Operator(Operator::Intersect)),
            _ => None,
        };
        if let Some(kind) = single {
            self.at = offset + 1;
            return Ok(Token { kind, offset });
        }
        match first {
            '\'' | '"' => self.quoted(first, offset),
            _ => Ok(self.word(rest, offset)),
        }
    }

    fn quoted(&mut self, quote: char, offset: usize) -> Result<Token<'a>, SyntaxError> {
        let start = offset + 1;
        let Some(length) = self.text[start..].find(quote) else {
            let message = "the quote is not closed";
            return Err(SyntaxError::new("query", self.text, offset, message));
        };
        self.at = start + length + 1;
        Ok(Token {
            kind: Kind::Word(&self.text[start..start + length]),
            offset: start,
        })
    }

    fn word(&mut self, rest: &'a str, offset: usize) -> Token<'a> {
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '+' | '^' | '\'' | '"');
        let length = rest.find(ends).unwrap_or(rest.len());
        self.at = offset + length;
        let kind = match &rest[..length] {
            "union" => Kind::Operator(Operator::Union),
            "except" => Kind::Operator(Operator::Except),
            "intersect" => Kind::Operator(Operator::Intersect),
            word => Kind::Word(word),
        };
        Token { kind, offset }
    }
}
