//! Where a place in SQL stands: in code, in quotes or in a comment.

/// Follows SQL piece by piece and says whether a literal may be put at its end.
#[derive(Debug, Clone)]
pub struct Scanner {
    state: State,
    last: char,
    /// The word that ends here, as long as it may be the prefix of a literal (`E'…'`).
    word: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Code,
    /// Inside quotes; `backslash` where `\'` does not end them.
    Quotes {
        quote: char,
        backslash: bool,
    },
    /// After a backslash inside such quotes.
    Escaped {
        quote: char,
    },
    /// After a quote inside quotes: a second one makes it data.
    Ending {
        quote: char,
        backslash: bool,
    },
    Line,
    Block {
        depth: usize,
    },
    /// `$tag$ … $tag$`; `seen` is how much of the end has come.
    Dollar {
        tag: String,
        seen: usize,
    },
    /// After `$` in code: the tag so far.
    Tag {
        tag: String,
    },
}

impl Default for Scanner {
    fn default() -> Self {
        Self { state: State::Code, last: ' ', word: 0 }
    }
}

impl Scanner {
    /// At the start of a SQL text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves over the next piece of the SQL.
    pub fn feed(&mut self, sql: &str) {
        for character in sql.chars() {
            self.step(character);
        }
    }

    /// Whether a literal put here would be one by itself: outside quotes and comments, and after no quote or letter, which
    /// would swallow or change it.
    pub fn takes_literal(&self) -> bool {
        self.state == State::Code && !is_word(self.last)
    }

    /// Whether this place is inside quotes or a comment.
    pub fn is_hidden(&self) -> bool {
        !matches!(self.state, State::Code | State::Ending { .. } | State::Tag { .. })
    }

    fn step(&mut self, character: char) {
        let last = std::mem::replace(&mut self.last, character);
        let state = std::mem::replace(&mut self.state, State::Code);
        self.state = match (state, character) {
            (State::Quotes { quote, backslash }, c) if c == quote => State::Ending { quote, backslash },
            (State::Quotes { quote, backslash: true }, '\\') => State::Escaped { quote },
            (State::Escaped { quote }, _) => State::Quotes { quote, backslash: true },
            (State::Ending { quote, backslash }, c) if c == quote => State::Quotes { quote, backslash },
            (State::Line, '\n' | '\r') => State::Code,
            (State::Block { depth }, '/') if last == '*' => {
                self.last = ' ';
                if depth == 1 { State::Code } else { State::Block { depth: depth - 1 } }
            }
            (State::Block { depth }, '*') if last == '/' => {
                self.last = ' ';
                State::Block { depth: depth + 1 }
            }
            (State::Dollar { tag, seen }, c) => dollar(tag, seen, c),
            (State::Tag { tag }, '$') => State::Dollar { tag: format!("${tag}$"), seen: 0 },
            (State::Tag { mut tag }, c) if is_word(c) => {
                tag.push(c);
                State::Tag { tag }
            }
            (State::Code | State::Ending { .. } | State::Tag { .. }, c) => self.code(last, c),
            (inside, _) => inside,
        };
        self.word = if self.state == State::Code && is_word(character) { self.word + 1 } else { 0 };
    }

    fn code(&mut self, last: char, character: char) -> State {
        match character {
            '\'' => State::Quotes { quote: '\'', backslash: self.word == 1 && matches!(last, 'e' | 'E') },
            '"' | '`' => State::Quotes { quote: character, backslash: false },
            '-' if last == '-' => State::Line,
            '*' if last == '/' => {
                self.last = ' ';
                State::Block { depth: 1 }
            }
            '$' if !is_word(last) => State::Tag { tag: String::new() },
            _ => State::Code,
        }
    }
}

/// Inside `$tag$ … $tag$`.
fn dollar(tag: String, seen: usize, character: char) -> State {
    let expected = tag[seen..].chars().next();
    let seen = match expected {
        Some(wanted) if wanted == character => seen + character.len_utf8(),
        _ if character == '$' => 1,
        _ => 0,
    };
    if seen == tag.len() { State::Code } else { State::Dollar { tag, seen } }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$' | '&')
}
