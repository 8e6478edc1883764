//! HTML to text: tags go, entities become characters, blocks end lines. For notes and mails that CRMs keep as markup.

use super::entity;

/// Elements whose end or start breaks the line.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];
/// Elements that part words.
const CELLS: &[&str] = &["td", "th", "option"];
/// Elements whose content is no text.
const SILENT: &[&str] = &["script", "style", "head", "title", "template"];

/// The text of `value`; none if it holds no markup, so that it stays as it is.
///
/// A run of white space becomes one space, as on a page. `a < b` and an unknown `&word;` are text.
pub fn text(value: &[u8]) -> Option<String> {
    if !value.iter().any(|byte| matches!(byte, b'<' | b'&')) {
        return None;
    }
    let source = String::from_utf8_lossy(value);
    let mut out = Text { out: String::with_capacity(source.len()), pending: Pending::None };
    let mut rest = source.as_ref();
    let mut markup = false;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('&') {
            match entity::read(rest) {
                Some((character, length)) => {
                    out.push_entity(character);
                    rest = &rest[length..];
                    markup = true;
                }
                None => {
                    out.push('&');
                    rest = &rest[1..];
                }
            }
            continue;
        }
        match tag(rest) {
            Some(tag) => {
                rest = &rest[tag.length..];
                markup = true;
                if BLOCKS.contains(&tag.name.as_str()) {
                    out.pending = Pending::Line;
                } else if CELLS.contains(&tag.name.as_str()) {
                    out.pending = out.pending.max(Pending::Space);
                } else if !tag.closing && SILENT.contains(&tag.name.as_str()) {
                    rest = after_element(rest, &tag.name);
                }
            }
            None => {
                out.push('<');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    markup.then_some(out.out)
}

/// What stands between two words, not yet written: white space at the start and the end is never written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pending {
    None,
    Space,
    Line,
}

struct Text {
    out: String,
    pending: Pending,
}

impl Text {
    fn push(&mut self, character: char) {
        // A no-break space is a character that was meant; it does not collapse.
        if character.is_whitespace() && character != '\u{a0}' {
            self.pending = self.pending.max(Pending::Space);
            return;
        }
        self.push_entity(character);
    }

    /// A character written as an entity was meant, white space too.
    fn push_entity(&mut self, character: char) {
        match self.pending {
            _ if self.out.is_empty() => {}
            Pending::None => {}
            Pending::Space => self.out.push(' '),
            Pending::Line => self.out.push('\n'),
        }
        self.pending = Pending::None;
        self.out.push(character);
    }

    fn push_str(&mut self, text: &str) {
        text.chars().for_each(|character| self.push(character));
    }
}

struct Tag {
    /// Lower case; empty for comments and declarations.
    name: String,
    closing: bool,
    /// Bytes of the whole tag.
    length: usize,
}

/// The tag at the start of `text`, which begins with `<`; none if that is only a sign.
fn tag(text: &str) -> Option<Tag> {
    if let Some(comment) = text.strip_prefix("<!--") {
        let length = comment.find("-->").map_or(text.len(), |end| 4 + end + 3);
        return Some(Tag { name: String::new(), closing: false, length });
    }
    let inner = &text[1..];
    let closing = inner.starts_with('/');
    let named = inner.strip_prefix('/').unwrap_or(inner);
    let declaration = inner.starts_with(['!', '?']);
    if !declaration && !named.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    let name = named.split(|part: char| !part.is_ascii_alphanumeric()).next().unwrap_or("").to_ascii_lowercase();
    Some(Tag { name, closing, length: end_of_tag(text)? })
}

/// Bytes up to and with the `>` that is not inside an attribute's quotes.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut before = b' ';
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    None
}

/// What follows the end tag of a silent element; nothing if it never ends.
fn after_element<'t>(text: &'t str, name: &str) -> &'t str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = &rest[at..];
        match tag(rest) {
            Some(tag) if tag.name == name => return &rest[tag.length..],
            _ => rest = &rest[2..],
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::text;

    fn read(value: &str) -> String {
        text(value.as_bytes()).unwrap_or_else(|| value.to_owned())
    }

    #[test]
    fn tags_go_and_blocks_end_lines() {
        assert_eq!(read("<p>Hello <b>big</b>  world</p><p>Bye</p>"), "Hello big world\nBye");
        assert_eq!(read("a<br>b<br/>c<BR />d"), "a\nb\nc\nd");
        assert_eq!(read("<ul>\n <li>one</li>\n <li>two</li>\n</ul>"), "one\ntwo");
        assert_eq!(read("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"), "a b\nc");
        assert_eq!(read("<a href='x>y' title=\"a > b\">link</a>"), "link");
    }

    #[test]
    fn what_is_no_text_goes() {
        assert_eq!(read("a<script>if (a < b) { x() }</script>b"), "ab");
        assert_eq!(read("<style>p { color: red }</style>text"), "text");
        assert_eq!(read("a<!-- <b>not</b> here -->b"), "ab");
        assert_eq!(read("<!DOCTYPE html><html><head><title>T</title></head><body>x</body></html>"), "x");
        assert_eq!(read("a<script>never closed"), "a");
        assert_eq!(read("a<!-- never closed"), "a");
    }

    #[test]
    fn entities_become_characters_once() {
        assert_eq!(
            read("Smith &amp; Sons &lt;x&gt; &quot;q&quot; &#39;a&#x27; &eacute; &euro;"),
            "Smith & Sons <x> \"q\" 'a' é €"
        );
        assert_eq!(read("&amp;lt;"), "&lt;");
        assert_eq!(read("a&nbsp;b"), "a\u{a0}b");
        assert_eq!(read("it&#146;s"), "it\u{2019}s");
    }

    #[test]
    fn signs_that_are_no_markup_stay() {
        for value in ["a < b", "1<2", "a & b", "AT&T", "&unknown;", "x <", "<3", "plain\n text", "a &; b", "<unclosed"]
        {
            assert_eq!(read(value), value);
        }
    }

    #[test]
    fn broken_markup_does_no_harm() {
        for value in ["<", "</", "<!", "<!-", "&", "&#", "&#x", "&#xZZ;", "<a href=\"", "&#99999999999;", "<é>", "</é>"]
        {
            let _ = read(value);
        }
        assert_eq!(read("&#0;&#xD800;"), "\u{fffd}\u{fffd}");
    }
}
