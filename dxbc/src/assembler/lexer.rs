//! Text to tokens, and a cursor over them.

use super::{AssembleError, Parsed};

/// A piece of text. Ends of lines are tokens: they end statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// Letters, digits and underscores that do not start with a digit.
    Word(&'a str),
    /// Starts with a digit; its value depends on where it stands.
    Number(&'a str),
    /// In double quotes, without them.
    Quoted(&'a str),
    /// A single character.
    Mark(char),
    LineEnd,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    kind: Kind<'a>,
    line: usize,
    column: usize,
}

/// Splits text into tokens. The last token is always a line end.
pub(super) fn tokenize(text: &str) -> Parsed<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let mut rest = content.trim_start();
        let mut column = 1 + content[..content.len() - rest.len()].chars().count();
        while let Some(first) = rest.chars().next() {
            if first == ';' || rest.starts_with("//") {
                break;
            }
            let (kind, length) = token(first, rest).ok_or_else(|| AssembleError {
                line,
                column,
                message: format!("unexpected `{first}`"),
            })?;
            tokens.push(Token { kind, line, column });
            let next = rest[length..].trim_start();
            column += rest[..rest.len() - next.len()].chars().count();
            rest = next;
        }
        tokens.push(Token { kind: Kind::LineEnd, line, column });
    }
    let line = text.lines().count().max(1);
    tokens.push(Token { kind: Kind::LineEnd, line, column: 1 });
    Ok(tokens)
}

/// The token at the start of `text` and its length in bytes.
fn token(first: char, text: &str) -> Option<(Kind<'_>, usize)> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = |rule: &dyn Fn(char) -> bool| text.find(|c| !rule(c)).unwrap_or(text.len());
    if first.is_ascii_digit() {
        let mut length = end(&|c| word(c) || c == '.');
        // The sign of an exponent belongs to a decimal literal.
        let hexadecimal = text.starts_with("0x") || text.starts_with("0X");
        if !hexadecimal && text[..length].ends_with(['e', 'E']) && text[length..].starts_with(['+', '-']) {
            length +=
                1 + text[length + 1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - length - 1);
        }
        return Some((Kind::Number(&text[..length]), length));
    }
    if word(first) {
        let length = end(&word);
        return Some((Kind::Word(&text[..length]), length));
    }
    if first == '"' {
        let length = text[1..].find('"')?;
        return Some((Kind::Quoted(&text[1..=length]), length + 2));
    }
    "()[]{},.|-+=:*".contains(first).then_some((Kind::Mark(first), 1))
}

/// Reads tokens in order.
pub(super) struct Cursor<'a> {
    tokens: &'a [Token<'a>],
    next: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(tokens: &'a [Token<'a>]) -> Self {
        Self { tokens, next: 0 }
    }

    /// The next token; at the end of the text, its last line end.
    fn token(&self) -> Token<'a> {
        let end = Token { kind: Kind::LineEnd, line: 1, column: 1 };
        self.tokens.get(self.next).or(self.tokens.last()).copied().unwrap_or(end)
    }

    pub(super) fn peek(&self) -> Kind<'a> {
        self.token().kind
    }

    pub(super) fn peek_second(&self) -> Kind<'a> {
        self.peek_at(1)
    }

    /// The token after `places` others.
    pub(super) fn peek_at(&self, places: usize) -> Kind<'a> {
        self.tokens.get(self.next + places).map_or(Kind::LineEnd, |token| token.kind)
    }

    /// Takes this many tokens that have been peeked at.
    pub(super) fn skip(&mut self, count: usize) {
        self.next += count;
    }

    /// Line and column of the next token.
    pub(super) fn position(&self) -> (usize, usize) {
        (self.token().line, self.token().column)
    }

    /// An error at the next token.
    pub(super) fn error(&self, message: impl Into<String>) -> AssembleError {
        let (line, column) = self.position();
        AssembleError { line, column, message: message.into() }
    }

    /// Skips ends of lines; false at the end of the text.
    pub(super) fn skip_lines(&mut self) -> bool {
        while self.tokens.get(self.next).is_some_and(|token| token.kind == Kind::LineEnd) {
            self.next += 1;
        }
        self.next < self.tokens.len()
    }

    pub(super) fn at_line_end(&self) -> bool {
        self.peek() == Kind::LineEnd
    }

    pub(super) fn end_line(&self) -> Parsed<()> {
        if self.at_line_end() { Ok(()) } else { Err(self.error("expected the end of the line")) }
    }

    /// True when the next token is this mark.
    pub(super) fn is(&self, mark: char) -> bool {
        self.peek() == Kind::Mark(mark)
    }

    /// Takes this mark if it is next.
    pub(super) fn takes(&mut self, mark: char) -> bool {
        let found = self.is(mark);
        self.next += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, mark: char) -> Parsed<()> {
        if self.takes(mark) { Ok(()) } else { Err(self.error(format!("expected `{mark}`"))) }
    }

    pub(super) fn comma(&mut self) -> Parsed<()> {
        self.expect(',')
    }

    pub(super) fn word(&mut self) -> Parsed<&'a str> {
        match self.peek() {
            Kind::Word(word) => {
                self.next += 1;
                Ok(word)
            }
            _ => Err(self.error("expected a word")),
        }
    }

    /// Takes this word, compared without case, if it is next.
    pub(super) fn takes_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Kind::Word(found) if found.eq_ignore_ascii_case(word));
        self.next += usize::from(found);
        found
    }

    /// A name: a word, or anything in quotes.
    pub(super) fn name(&mut self) -> Parsed<&'a str> {
        match self.peek() {
            Kind::Word(name) | Kind::Quoted(name) => {
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.error("expected a name")),
        }
    }

    /// The text of a number.
    pub(super) fn digits(&mut self) -> Parsed<&'a str> {
        match self.peek() {
            Kind::Number(digits) => {
                self.next += 1;
                Ok(digits)
            }
            _ => Err(self.error("expected a number")),
        }
    }

    /// An unsigned integer, decimal or hexadecimal.
    pub(super) fn number(&mut self) -> Parsed<u32> {
        let error = self.error("expected an unsigned 32-bit integer");
        unsigned(self.digits()?).and_then(|value| u32::try_from(value).ok()).ok_or(error)
    }

    /// An unsigned integer that fits a smaller type.
    pub(super) fn small<T: TryFrom<u32>>(&mut self) -> Parsed<T> {
        let error = self.error("the number is too large");
        T::try_from(self.number()?).map_err(|_| error)
    }

    /// `name=N`, if it is next.
    pub(super) fn setting(&mut self, name: &str) -> Parsed<Option<u32>> {
        if !self.takes_word(name) {
            return Ok(None);
        }
        self.expect('=')?;
        self.number().map(Some)
    }

    /// `open item, item, ... close`, over several lines if need be.
    pub(super) fn list(
        &mut self,
        open: char,
        close: char,
        mut item: impl FnMut(&mut Self) -> Parsed<()>,
    ) -> Parsed<()> {
        self.expect(open)?;
        self.skip_lines();
        while !self.takes(close) {
            item(self)?;
            self.skip_lines();
            if !self.is(close) {
                self.comma()?;
                self.skip_lines();
            }
        }
        Ok(())
    }

    /// The word of a 32-bit literal: float, bits or integer, perhaps negative.
    pub(super) fn literal(&mut self) -> Parsed<u32> {
        let error = self.error("expected a 32-bit number");
        let negative = self.takes('-');
        let digits = self.digits().map_err(|_| error.clone())?;
        let magnitude = unsigned(digits);
        match (magnitude, negative) {
            (Some(value), false) => u32::try_from(value).map_err(|_| error),
            (Some(value), true) if value <= 1 << 31 => Ok((value as u32).wrapping_neg()),
            (Some(_), true) => Err(error),
            (None, _) => {
                let value: f32 = digits.parse().map_err(|_| error)?;
                Ok(if negative { -value } else { value }.to_bits())
            }
        }
    }

    /// The words of a 64-bit float or of its bits, low word first.
    pub(super) fn double(&mut self) -> Parsed<[u32; 2]> {
        let error = self.error("expected a double such as `1.0`, or its bits as `0x...`");
        let negative = self.takes('-');
        let digits = self.digits().map_err(|_| error.clone())?;
        let bits = match unsigned(digits) {
            Some(bits) if digits.starts_with("0x") && !negative => bits,
            Some(_) => return Err(error),
            None => {
                let value: f64 = digits.trim_end_matches(['l', 'L']).parse().map_err(|_| error)?;
                if negative { -value } else { value }.to_bits()
            }
        };
        Ok([bits as u32, (bits >> 32) as u32])
    }
}

/// The value of an integer in decimal or, after `0x`, hexadecimal.
pub(super) fn unsigned(digits: &str) -> Option<u64> {
    match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16).ok(),
        None => digits.parse().ok(),
    }
}
