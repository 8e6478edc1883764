//! The strict reader under the catalogue: takes a YAML mapping apart key by key, and faults what is left over.

use crate::mapping::CellType;
use crate::yaml::{Node, Span, Spanned, Value};

/// What is wrong with a catalogue file, and where: `accounts.yaml:14: unknown word `max_lenght``.
pub(super) type Fault = String;

/// A catalogue file.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    /// Its name, for faults.
    pub(super) name: &'a str,
    /// Its text, for lines.
    pub(super) text: &'a str,
}

impl File<'_> {
    /// `message` at the line of `span`.
    pub(super) fn fault(&self, span: Span, message: impl std::fmt::Display) -> Fault {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        format!("{}:{}: {message}", self.name, before.matches('\n').count() + 1)
    }
}

/// A YAML mapping from which words are taken; [`Block::end`] faults those that nobody took.
pub(super) struct Block<'a> {
    file: File<'a>,
    span: Span,
    entries: Vec<(&'a Spanned<String>, &'a Node)>,
}

impl<'a> Block<'a> {
    /// The entries of `node`, each key once.
    pub(super) fn new(file: File<'a>, node: &'a Node) -> Result<Self, Fault> {
        let Value::Mapping(entries) = &node.value else {
            return Err(file.fault(node.span, format!("a mapping is wanted, not {}", node.kind())));
        };
        for (index, (key, _)) in entries.iter().enumerate() {
            if entries[..index].iter().any(|(other, _)| other.value == key.value) {
                return Err(file.fault(key.span, format!("`{}` stands twice", key.value)));
            }
        }
        Ok(Self { file, span: node.span, entries: entries.iter().map(|(key, node)| (key, node)).collect() })
    }

    /// A fault of the block as a whole.
    pub(super) fn fault(&self, message: impl std::fmt::Display) -> Fault {
        self.file.fault(self.span, message)
    }

    /// The node under `word`.
    pub(super) fn node(&mut self, word: &str) -> Option<&'a Node> {
        let at = self.entries.iter().position(|(key, _)| key.value == word)?;
        Some(self.entries.remove(at).1)
    }

    /// The text under `word`.
    pub(super) fn text(&mut self, word: &str) -> Result<Option<String>, Fault> {
        self.node(word).map(|node| self.as_text(node)).transpose()
    }

    /// The text under `word`, which must be there.
    pub(super) fn needed(&mut self, word: &str) -> Result<String, Fault> {
        self.text(word)?.ok_or_else(|| self.fault(format!("`{word}` is missing")))
    }

    /// One of `words`, by its place in them.
    pub(super) fn choice<T: Copy>(&mut self, word: &str, choices: &[(&str, T)]) -> Result<Option<T>, Fault> {
        let Some(node) = self.node(word) else { return Ok(None) };
        let text = self.as_text(node)?;
        let found = choices.iter().find(|(name, _)| *name == text);
        found
            .map(|(_, value)| Some(*value))
            .ok_or_else(|| self.file.fault(node.span, format!("`{word}` cannot be `{text}`")))
    }

    /// `true` or `false`; false if the word is not there.
    pub(super) fn truth(&mut self, word: &str) -> Result<bool, Fault> {
        Ok(self.choice(word, &[("true", true), ("false", false)])?.unwrap_or(false))
    }

    /// A whole number, `MB` meaning a million.
    pub(super) fn number<T: TryFrom<i64>>(&mut self, word: &str) -> Result<Option<T>, Fault> {
        let Some(node) = self.node(word) else { return Ok(None) };
        let text = self.as_text(node)?;
        let (digits, unit) = text.strip_suffix("MB").map_or((text.as_str(), 1), |digits| (digits, 1_000_000));
        let number = digits.parse::<i64>().ok().and_then(|number| T::try_from(number * unit).ok());
        number.map(Some).ok_or_else(|| self.file.fault(node.span, format!("`{word}` cannot be `{text}`")))
    }

    /// A type's name.
    pub(super) fn kind(&mut self, word: &str) -> Result<Option<CellType>, Fault> {
        let kinds = CellType::ALL.map(|kind| (kind.name(), kind));
        self.choice(word, &kinds)
    }

    /// A list of texts; empty if the word is not there.
    pub(super) fn list(&mut self, word: &str) -> Result<Vec<String>, Fault> {
        self.node(word).map_or(Ok(Vec::new()), |node| Block::texts(self.file, node))
    }

    /// The texts of the list `node`.
    pub(super) fn texts(file: File<'_>, node: &Node) -> Result<Vec<String>, Fault> {
        Block::sequence(file, node)?.iter().map(|item| text_of(file, item)).collect()
    }

    /// The items of a list; none if the word is not there.
    pub(super) fn items(&mut self, word: &str) -> Result<Vec<&'a Node>, Fault> {
        self.node(word).map_or(Ok(Vec::new()), |node| Ok(Block::sequence(self.file, node)?.iter().collect()))
    }

    fn sequence<'n>(file: File<'_>, node: &'n Node) -> Result<&'n [Node], Fault> {
        match &node.value {
            Value::Sequence(items) => Ok(items),
            _ => Err(file.fault(node.span, format!("a list is wanted, not {}", node.kind()))),
        }
    }

    /// Texts by name, in file order; none if the word is not there.
    pub(super) fn pairs(&mut self, word: &str) -> Result<Vec<(String, String)>, Fault> {
        let Some(node) = self.node(word) else { return Ok(Vec::new()) };
        Block::new(self.file, node)?.all_pairs()
    }

    /// Every entry as a text with its name.
    pub(super) fn all_pairs(self) -> Result<Vec<(String, String)>, Fault> {
        self.entries.iter().map(|(key, node)| Ok((key.value.clone(), self.as_text(node)?))).collect()
    }

    /// The block under `word`.
    pub(super) fn block(&mut self, word: &str) -> Result<Option<Block<'a>>, Fault> {
        self.node(word).map(|node| Block::new(self.file, node)).transpose()
    }

    /// Every entry as a block of its own, with its name.
    pub(super) fn blocks(self) -> Result<Vec<(String, Block<'a>)>, Fault> {
        let file = self.file;
        self.entries.into_iter().map(|(key, node)| Ok((key.value.clone(), Block::new(file, node)?))).collect()
    }

    /// The block's file.
    pub(super) fn file(&self) -> File<'a> {
        self.file
    }

    /// All words must have been taken.
    pub(super) fn end(self) -> Result<(), Fault> {
        match self.entries.first() {
            None => Ok(()),
            Some((key, _)) => Err(self.file.fault(key.span, format!("unknown word `{}`", key.value))),
        }
    }

    fn as_text(&self, node: &Node) -> Result<String, Fault> {
        text_of(self.file, node)
    }
}

fn text_of(file: File<'_>, node: &Node) -> Result<String, Fault> {
    let text = node.as_text().map(str::to_owned);
    text.ok_or_else(|| file.fault(node.span, format!("text is wanted, not {}", node.kind())))
}
