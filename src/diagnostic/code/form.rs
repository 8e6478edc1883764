//! Codes of a Totango file's form (F10xx): what `lint` finds that a run would simply write in another way.

use super::{Code, Stage};

codes! { FORM:
    OTHER_FORM "F201" Run "a value stands in another form than Totango takes"
        "A run would write it differently: spaces at an end, a date layout, thousands, a flag's spelling, the case of a value."
        "Write it as the message shows, or let `lint --fix` do it.";
    BARE_FIELD "F202" Run "a field that must stand in quotes"
        "A field with a semicolon or an apostrophe is quoted. Article OLDPREP."
        "Put it between double quotes, or let `lint --fix` do it.";
    BLANK_LINE "F203" Run "a blank line"
        "Data follow the header directly, one record after the other. Articles PREP, OLDPREP."
        "Remove it, or let `lint --fix` do it.";
    BYTE_ORDER_MARK "F204" Run "the file begins with a byte order mark"
        "It can become a part of the first header, which then is no attribute's name."
        "Save as UTF-8 without it, or let `lint --fix` do it.";
    NOT_UTF8 "F205" Run "the file is not in UTF-8"
        "Totango takes UTF-8. Article PREP."
        "Save it as UTF-8, or let `lint --fix` do it.";
    NOT_COMMAS "F206" Run "the fields are not separated by commas"
        "Totango takes commas only. Article PREP."
        "Write it with commas; `tanguero guess` drafts a mapping that does.";
    LINE_ENDS "F207" Run "the lines end in a lone CR"
        "Lines end in CR LF or LF."
        "Save it with other line ends, or let `lint --fix` do it.";
    NOT_COMPARED "F208" Run "a table cannot be compared"
        "It has no header that can be read, or its parts have different ones."
        "Name another file, or the folder a run published to.";
}
