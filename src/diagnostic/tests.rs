//! The drawing, the lines for programs, the register and the words.

use std::collections::BTreeSet;

use insta::assert_snapshot;

use super::{
    Diagnostic, Diagnostics, Place, Renderer, Style, Texts, code, escape, excerpt, find_code, letters_apart,
    line_and_column, nearest, register,
};
use crate::yaml::Span;

const PATH: &str = "mappings/accounts.yaml";
const TEXT: &str = "format: accounts\n# é\n  account_name: {column: Acount Name}\nlast: ü\n";

fn texts() -> Texts {
    let mut texts = Texts::new();
    texts.insert(PATH, TEXT);
    texts
}

fn at(part: &str) -> Place {
    let start = TEXT.find(part).unwrap();
    Place::new(PATH, Span::new(start, start + part.len()))
}

fn misspelt() -> Diagnostic {
    Diagnostic::error(&code::UNKNOWN_FIELD, "column `Acount Name` not found in source `crm`")
        .at(at("Acount Name"), "no such column")
        .help("`Account Name` has a similar name")
}

fn draw(style: Style, diagnostic: &Diagnostic) -> String {
    Renderer::new(style, &texts()).one(diagnostic)
}

#[test]
fn the_drawing_of_the_contract() {
    assert_snapshot!(draw(Style::Plain, &misspelt()), @"
    error[R204]: column `Acount Name` not found in source `crm`
     --> mappings/accounts.yaml:3:26
      |
    3 |   account_name: {column: Acount Name}
      |                          ^^^^^^^^^^^ no such column
      = help: `Account Name` has a similar name
    ");
}

#[test]
fn a_warning_with_two_places_and_two_cures() {
    let diagnostic = Diagnostic::warning(&code::DUPLICATE_COLUMN, "`last` is mapped twice")
        .at(at("last"), "second time")
        .related(at("account_name"), "first time")
        .help("remove one")
        .help("or the other");
    assert_snapshot!(draw(Style::Plain, &diagnostic), @"
    warning[R207]: `last` is mapped twice
     --> mappings/accounts.yaml:4:1
      |
    3 |   account_name: {column: Acount Name}
      |   ------------ first time
    4 | last: ü
      | ^^^^ second time
      = help: remove one
      = help: or the other
    ");
}

#[test]
fn a_second_file_has_its_own_drawing() {
    let mut texts = texts();
    texts.insert("tanguero.yaml", "sources:\n  crm: {path: x}\n");
    let diagnostic = misspelt().related(Place::new("tanguero.yaml", Span::new(11, 14)), "declared here");
    assert_snapshot!(Renderer::new(Style::Plain, &texts).one(&diagnostic), @"
    error[R204]: column `Acount Name` not found in source `crm`
     --> mappings/accounts.yaml:3:26
      |
    3 |   account_name: {column: Acount Name}
      |                          ^^^^^^^^^^^ no such column
      |
     ::: tanguero.yaml:2:3
      |
    2 |   crm: {path: x}
      |   --- declared here
      = help: `Account Name` has a similar name
    ");
}

#[test]
fn without_a_place_or_without_its_text() {
    let nowhere = Diagnostic::error(&code::USAGE, "no such flag").help("see `--help`");
    assert_snapshot!(draw(Style::Plain, &nowhere), @"
    error[S808]: no such flag
     = help: see `--help`
    ");
    let unseen =
        Diagnostic::error(&code::HEADER, "blank header").at(Place::new("data/\u{1b}x.csv", Span::new(0, 4)), "");
    let unseen = unseen.related(Place::new("b.csv", Span::new(0, 4)), "the same");
    assert_snapshot!(draw(Style::Plain, &unseen), @r"
    error[S806]: blank header
     = note: in data/\u{1b}x.csv
     = note: the same in b.csv
    ");
}

#[test]
fn control_characters_are_shown_escaped() {
    let diagnostic =
        Diagnostic::error(&code::BAD_VALUE, "a\u{1b}[31mb\nc\u{202e}d").at(at("last"), "x\ry").help("z\tz");
    assert_snapshot!(draw(Style::Plain, &diagnostic), @r"
    error[Y104]: a\u{1b}[31mb\nc\u{202e}d
     --> mappings/accounts.yaml:4:1
      |
    4 | last: ü
      | ^^^^ x\ry
      = help: z\tz
    ");
}

#[test]
fn colour_changes_no_letter() {
    let plain = draw(Style::Plain, &misspelt());
    let coloured = draw(Style::Colour, &misspelt());
    assert!(coloured.contains('\u{1b}'));
    let mut letters = String::new();
    for (index, piece) in coloured.split('\u{1b}').enumerate() {
        letters.push_str(if index == 0 { piece } else { piece.split_once('m').unwrap().1 });
    }
    assert_eq!(letters, plain);
}

#[test]
fn one_json_object_a_line() {
    let unseen = Diagnostic::warning(&code::HEADER, "say \"x\"\n").at(Place::new("x.csv", Span::new(0, 4)), "");
    let all = [misspelt(), unseen, Diagnostic::error(&code::USAGE, "no such flag")];
    assert_snapshot!(Renderer::new(Style::Json, &texts()).render(&all), @r#"
    {"type":"diagnostic","code":"R204","severity":"error","message":"column `Acount Name` not found in source `crm`","file":"mappings/accounts.yaml","line":3,"column":26,"end_line":3,"end_column":37,"label":"no such column","help":["`Account Name` has a similar name"]}
    {"type":"diagnostic","code":"S806","severity":"warning","message":"say \"x\"\n","file":"x.csv","line":null,"column":null,"end_line":null,"end_column":null,"label":"","help":[]}
    {"type":"diagnostic","code":"S808","severity":"error","message":"no such flag","file":null,"line":null,"column":null,"end_line":null,"end_column":null,"label":"","help":[]}
    "#);
}

#[test]
fn one_annotation_a_line() {
    let long = Diagnostic::warning(&code::HEADER, "100% of\nit").at(Place::new(PATH, Span::new(0, TEXT.len())), "");
    let unseen = Diagnostic::warning(&code::HEADER, "x").at(Place::new("a,b:c.csv", Span::new(0, 4)), "");
    let all = [misspelt(), long, unseen, Diagnostic::error(&code::USAGE, "no such flag")];
    assert_snapshot!(Renderer::new(Style::GitHub, &texts()).render(&all), @r"
    ::error file=mappings/accounts.yaml,line=3,endLine=3,col=26,endColumn=37,title=R204::column `Acount Name` not found in source `crm`%0Ahelp: `Account Name` has a similar name
    ::warning file=mappings/accounts.yaml,line=1,endLine=5,title=S806::100%25 of\nit
    ::warning file=a%2Cb%3Ac.csv,title=S806::x
    ::error title=S808::no such flag
    ");
}

#[test]
fn no_span_is_wild_enough_to_fail() {
    for (start, end) in [(0, 0), (20, 21), (5, 2), (70, 90), (usize::MAX, usize::MAX), (0, usize::MAX)] {
        let diagnostic = Diagnostic::error(&code::BAD_VALUE, "x").at(Place::new(PATH, Span { start, end }), "y");
        for style in [Style::Plain, Style::Colour, Style::Json, Style::GitHub] {
            assert!(draw(style, &diagnostic).contains("Y104"));
        }
    }
}

#[test]
fn columns_are_characters_and_a_byte_order_mark_is_none() {
    assert_eq!(line_and_column("aé\nüx", 3), (1, 3));
    assert_eq!(line_and_column("aé\nüx", 6), (2, 2));
    assert_eq!(line_and_column("\u{feff}ab", 4), (1, 2));
    assert_eq!(line_and_column("ab", 99), (1, 3));
}

#[test]
fn sorting_is_by_place_and_drops_repetitions() {
    let mut found = Diagnostics::new();
    found.push(Diagnostic::error(&code::BAD_VALUE, "b").at(at("last"), ""));
    found.push(misspelt());
    found.push(Diagnostic::error(&code::BAD_VALUE, "b").at(at("last"), ""));
    found.push(Diagnostic::error(&code::USAGE, "a"));
    found.sort();
    let codes: Vec<&str> = found.iter().map(|item| item.code.id).collect();
    assert_eq!(codes, ["S808", "R204", "Y104"]);
}

#[test]
fn nearest_names() {
    let names = ["column", "Account Name", "account_id", "value", "max_length", "id", "as"];
    let near = |name: &str| nearest(name, names);
    assert_eq!(near("colunm"), Some("column"));
    assert_eq!(near("account-name"), Some("Account Name"));
    assert_eq!(near("ACCOUNTID"), Some("account_id"));
    assert_eq!(near("acount_id"), Some("account_id"));
    assert_eq!(near("val"), Some("value"));
    assert_eq!(near("length"), None);
    assert_eq!(near("is"), None);
    assert_eq!(near("acc"), None);
    assert_eq!(near(""), None);
    assert_eq!(near(&"x".repeat(1 << 20)), None);
    assert_eq!(nearest("a", ["b", "a_"]), Some("a_"));
}

#[test]
fn letters_are_counted_without_case_and_spacing() {
    assert_eq!(letters_apart("Account Name", "account_name", 0), Some(0));
    assert_eq!(letters_apart("Acount", "account", 1), Some(1));
    assert_eq!(letters_apart("Status", "Sattus", 2), Some(1));
    assert_eq!(letters_apart("Status", "Stage", 2), None);
    assert_eq!(letters_apart("STRASSE", "straße", 2), Some(2));
    assert_eq!(letters_apart(&"x".repeat(300), "x", usize::MAX), None);
    assert_eq!(letters_apart(&"x".repeat(300), &"X".repeat(300), 0), Some(0));
}

#[test]
fn data_is_escaped_and_cut() {
    assert_eq!(escape("a\tb\u{0}\u{7f}\u{200b}é"), "a\\tb\\u{0}\\u{7f}\\u{200b}é");
    assert_eq!(escape(&escape("\n")), "\\n");
    assert_eq!(excerpt(&"é".repeat(60)), "é".repeat(60));
    assert_eq!(excerpt(&"é".repeat(61)), "é".repeat(60) + "…");
}

#[test]
fn the_register_is_complete_and_in_order() {
    let ids: Vec<&str> = register().iter().map(|code| code.id).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id occurs twice");
    let rank = |id: &str| "YRQVDKLSWTFN".find(&id[..1]).unwrap() * 1000 + id[1..].parse::<usize>().unwrap();
    assert!(ids.is_sorted_by_key(|id| rank(id)), "{ids:?}");
    for code in register() {
        // After nine letters the hundreds begin again; N (services) shares those of S (sources).
        let hundred = if code.id.starts_with('N') { 8 } else { "YRQVDKLSWTF".find(&code.id[..1]).unwrap() % 9 + 1 };
        assert_eq!(code.id[1..].parse::<usize>().unwrap() / 100, hundred, "{}", code.id);
        assert!(code.title.len() <= 75 && !code.title.ends_with('.'), "{}: {}", code.id, code.title);
        assert!(code.cause.ends_with(['.', '"', '?']) && code.cure.ends_with('.'), "{}", code.id);
        for text in [code.title, code.cause, code.cure] {
            assert!(!format!(" {} ", text.to_lowercase()).contains(" you"), "{}: {text}", code.id);
        }
        assert_eq!(find_code(&code.id.to_lowercase()), Some(*code));
    }
    assert_eq!(find_code("X999"), None);
}
