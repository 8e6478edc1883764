//! Codes of cell values (V4xx) and of records that cannot be read (D5xx).

use super::{Code, Stage};

codes! { ROW:
    EMPTY_VALUE "V401" Row "a value is needed and the cell is empty"
        "Keys and `default: reject` columns must not be blank."
        "Fill it at the source, or give a `default`.";
    BAD_ID "V402" Row "an id holds a character Totango does not take"
        "Ids are letters, digits, `_`, `-` (user ids also `@` and `.`). Article LIMITS."
        "Correct it at the source, or replace it in `sql`.";
    TOO_LONG "V403" Row "a value is longer than Totango takes"
        "Totango's limits are counted in characters. Article LIMITS."
        "Shorten it, or say `truncate: true`.";
    NOT_A_DATE "V404" Row "a value matches none of the date layouts"
        "Totango reads ISO 8601 only, so every layout is declared. Article TYPES."
        "Add the layout to `formats`.";
    IMPOSSIBLE_DATE "V405" Row "a date that does not exist"
        "The layout fits, the calendar does not."
        "Correct it at the source.";
    AMBIGUOUS_DATE "V406" Row "two layouts read the value differently"
        "`01/02/2024` is a day in January or in February."
        "List only the layout the source really uses.";
    CLOCK_CHANGE "V407" Row "a local time that a clock change skips or repeats"
        "The moment cannot be known."
        "Say `dst: earlier` or `dst: later`.";
    DATE_RANGE "V408" Row "a date outside the years 1900 to 2200"
        "Such dates are typing mistakes or placeholders."
        "Correct it at the source.";
    NOT_A_NUMBER "V409" Row "a value is not a number"
        "Digits, one decimal sign, thousands in full groups of three, one currency sign. Articles OLDPREP, TYPES."
        "Correct it, or set `decimal`.";
    NOT_WHOLE "V410" Row "a number that must be whole has a fraction"
        "Totango takes whole numbers here. Article AGG."
        "Round it in `sql`.";
    NUMBER_RANGE "V411" Row "a number outside its range"
        "The catalogue or the mapping gives the range."
        "Correct it at the source.";
    BAD_EMAIL "V412" Row "a value is not an e-mail address"
        "Logins and owners are matched by address."
        "Correct it at the source.";
    BAD_FLAG "V413" Row "a value is neither yes nor no"
        "yes/no, y/n, true/false, t/f, 1/0, on/off."
        "Use `map` to translate it.";
    VALUE_UNKNOWN "V414" Row "a value outside the allowed list"
        "Totango matches list values exactly, case included. Articles STATUS, TYPES."
        "Translate it with `map`, or add it to `values`.";
    QUOTE_IN_TEXT "V415" Row "a double quote inside text"
        "Totango's text must not hold one. Article OLDPREP."
        "Say `quotes: replace` (or strip, double).";
    CONTROL_CHARACTER "V416" Row "a control character inside a value"
        "Only tab and line breaks may stand in text."
        "Clean it at the source.";
    LOOKUP_MISSING "V417" Row "the lookup table has no such key"
        "The value cannot be translated."
        "Complete the table, or say `missing: empty` or `pass`.";
    TEMPLATE_EMPTY "V418" Row "a part of a template is empty"
        "An id with an empty part would be wrong or not unique."
        "Fill the part at the source.";
    TAG_UNKNOWN "V419" Row "a tag that is not in `known`"
        "Totango would create a new tag for a typing mistake."
        "Add it to `known`, or say `unknown: ignore`.";
    ONE_OF "V420" Row "one of several columns must have a value"
        "Totango wants at least one of them. Article OLDPREP."
        "Fill one at the source.";
    REQUIRED_WITH "V421" Row "a value is needed because another column has one"
        "A product account must have a parent. Articles SEND, PROD."
        "Fill it at the source.";
    SEPARATOR_IN_VALUE "V422" Row "a list element holds the separator it is written with"
        "Totango would read it as two."
        "Choose another `separator: {out: ...}`.";
    SPREADSHEET_NUMBER "V423" Row "an id rewritten by a spreadsheet"
        "`1.23E+11` lost its digits when the file was saved again. Article PREP."
        "Export again without opening it in a spreadsheet.";
    FIELD_COUNT "D501" Row "a record has another number of fields than the header"
        "A delimiter in unquoted text, a cut line, or a report's footer."
        "Quote the field at the source; declare a `footer`.";
    BAD_BYTES "D502" Row "a record is not valid in the source's encoding"
        "Nothing is guessed: wrong bytes would become wrong names."
        "Set `csv.encoding`.";
    AFTER_QUOTE "D503" Row "something stands after a closing quote"
        "The field's end cannot be known."
        "Double the quote inside the field at the source.";
    OPEN_QUOTE "D504" Row "the file ends inside quotes"
        "A quote was opened on this line and never closed."
        "Close or double it at the source.";
    FIELD_TOO_LARGE "D505" Row "a quoted field is over its limit"
        "`max_field` (1 MiB unless said): most often a quote that was never closed."
        "Close it at the source, or raise `max_field`.";
    RECORD_TOO_LARGE "D506" Row "a record is over its limit"
        "`max_record` (16 MiB unless said)."
        "Raise `max_record`.";
    NOT_JSON "D507" Row "a line is not one JSON object"
        "NDJSON has one object per line."
        "Correct it at the source.";
}
