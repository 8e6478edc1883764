//! Codes of a mapping's text (Y1xx), of names and rules of the format (R2xx) and of SQL (Q3xx).

use super::{Code, Stage};

codes! { MAPPING:
    YAML_SYNTAX "Y101" Mapping "the file is not valid YAML"
        "The YAML parser could not read it."
        "Correct the place shown; indentation and unclosed quotes are the usual causes.";
    UNKNOWN_KEY "Y102" Mapping "unknown key"
        "The mapping language has no such key here; a typing mistake would otherwise be ignored in silence."
        "Use one of the names listed.";
    WRONG_SHAPE "Y103" Mapping "a value has the wrong shape"
        "The key takes another kind of value (text, list, mapping, number)."
        "Write it as the message shows.";
    BAD_VALUE "Y104" Mapping "a value is not one of those allowed"
        "The key takes a fixed set of words, a range, or a number with a unit."
        "Write it as the message shows.";
    MISSING_KEY "Y105" Mapping "a required key is missing"
        "Without it the mapping cannot be understood."
        "Add the key.";
    DUPLICATE_KEY "Y106" Mapping "a key occurs twice"
        "The second would silently replace the first."
        "Remove one of the two.";
    VARIABLE "Y107" Mapping "a variable has no value"
        "`${NAME}` is filled from `--var`, then `tanguero.yaml`; in source paths and `stores` the process's environment counts too."
        "Pass `--var NAME=VALUE`, or write `${NAME:-default}`.";
    ORIGIN "Y108" Mapping "exactly one origin is needed"
        "A column's value comes from `column`, `sql`, `value` or `template`, a source's rows from `path` or `query`."
        "Keep one of them.";
    TOO_LARGE "Y110" Mapping "the file is larger than a mapping may be"
        "A mapping file may have 1 MiB; larger ones are refused before they are parsed."
        "Move long value maps into a lookup table.";
    VARIABLE_USE "Y111" Mapping "a variable is written wrongly, or stands where it cannot"
        "What is filled in stays data: in SQL it is a text literal outside quotes, in a path it leads nowhere else."
        "Write it as the message shows.";
    TOO_MANY "Y112" Mapping "more mistakes than are shown"
        "Past 250 mistakes of one file the rest is left out."
        "Correct those shown first.";
    UNKNOWN_FORMAT "R201" Mapping "unknown format"
        "The catalogue has no such Totango file."
        "Use one of the names in docs/formats.md.";
    UNKNOWN_SOURCE "R202" Mapping "unknown source"
        "`from`, `lookup`, `known_accounts` and `references` name entries of `sources`."
        "Declare the source or correct its name.";
    UNKNOWN_ATTRIBUTE "R203" Mapping "a target column is nearly a name of its format"
        "Totango maps headers by exact API name: another spelling would make a new attribute."
        "Use the spelling shown, or say `custom: true`.";
    UNKNOWN_FIELD "R204" Mapping "a source has no such column"
        "Source columns are matched by name, exactly as spelt in the header."
        "Use the name in the header.";
    MISSING_ATTRIBUTE "R205" Mapping "a mandatory attribute is not mapped"
        "Totango rejects the file, or every row of it, without this column."
        "Map the attribute.";
    EXPECTED_ATTRIBUTE "R206" Mapping "an attribute that Totango expects is not mapped"
        "Totango takes the file, but new records lack something they need."
        "Map the attribute, or ignore the warning if all records exist already.";
    DUPLICATE_COLUMN "R207" Mapping "a target column is mapped twice"
        "One header cannot stand twice in a Totango file."
        "Remove one of the two.";
    BAD_OPTION "R208" Mapping "an option does not fit the column's type"
        "The option would have no effect."
        "Remove the option or change the type.";
    BAD_DEFAULT "R209" Mapping "a default that cannot apply"
        "The default is not a value the column accepts."
        "Use an allowed value.";
    VALUE_NOT_ALLOWED "R210" Mapping "a value outside what Totango accepts"
        "The catalogue knows the complete list of values."
        "Use one of those listed.";
    DUPLICATE_FIELD "R211" Mapping "a used source column occurs twice in the header"
        "Which of them is meant cannot be known."
        "Use `Name#2` for the second, or rename one at its source.";
    BAD_REFERENCE "R212" Mapping "a reference that names nothing"
        "Targets are `<source>.<column>` or the name of a mapping."
        "Correct the name.";
    REFERENCE_LOOP "R213" Mapping "mappings refer to one another in a circle"
        "No order of running them exists."
        "Break the circle.";
    NAME_CLASH "R214" Mapping "two outputs have the same file name"
        "The second would replace the first."
        "Give one of them another `output.file`.";
    BAD_NAME "R215" Mapping "a name Totango does not take"
        "File names: letters, digits, `.`, `_`, `-`. Module, action and tag names have length limits and no `##`."
        "Change the name.";
    TOO_MANY_COLUMNS "R216" Mapping "more columns than a Totango file may have"
        "Totango takes at most 1,000 columns."
        "Map fewer columns, or keep the largest with `top`.";
    NOT_FOR_FORMAT "R217" Mapping "an option another format has"
        "The option has no meaning for this format."
        "Remove it.";
    BAD_POLICY "R218" Mapping "the duplicates policy cannot be used here"
        "The policy lacks what it needs, or the format has no key."
        "Use another policy, or give what the message names.";
    ATTRIBUTE_NOT_LISTED "R219" Mapping "an attribute that the project does not list"
        "`attributes:` in `tanguero.yaml` lists the custom attributes the service has."
        "Add it there, or correct its spelling.";
    NEW_NAME "R220" Mapping "a custom attribute's name that Totango may not take as an API name"
        "API names of new attributes are letters, digits and underscore, at most 100."
        "Use the attribute's API name.";
    NO_COLUMN_IN_FILE "R221" Mapping "a file of the source lacks a used column"
        "Columns are matched by name in every file of a source."
        "Correct the file, or say `missing_columns: empty`.";
    OUTPUT_AS_SOURCE "R222" Mapping "a source matches an output of the same set"
        "The next run would read what this one wrote."
        "Write to another folder, or narrow the pattern.";
    UNSEEN_FIELD "R223" Mapping "a key that the first lines of a source do not have"
        "NDJSON has no header: its keys are those of its first 1,000 lines. A misspelt key would read as empty in every row."
        "Correct the name, unless the key is a rare one.";
    SQL_SYNTAX "Q301" Mapping "the SQL cannot be parsed"
        "It is not one expression (or one SELECT) of the engine's SQL."
        "Correct the place shown.";
    SQL_FORBIDDEN "Q302" Mapping "SQL that is not allowed here"
        "Only one SELECT or one expression over declared sources is run."
        "Rewrite it without the part shown.";
    SQL_PLAN "Q303" Mapping "the engine cannot plan the SQL"
        "A name, a function or a type in it does not fit."
        "Correct it as the message says.";
    SQL_TYPE "Q304" Mapping "types that do not fit together"
        "CSV values are text: `'10' < '9'` is true. `where` takes a condition."
        "Wrap text in `number(...)`, `integer(...)` or `date(...)`.";
    SQL_VOLATILE "Q305" Mapping "a function whose answer changes from call to call"
        "The same input must give the same bytes."
        "Use a value of the data; `current_date` is the `--as-of` day.";
    SQL_LINEAGE "Q306" Mapping "the query does not select `_file` and `_line`"
        "Without them its rows have no lines of their own and come in no order: none of a key is first or last."
        "Select both where rows stay one to one; a roll-up by the key says `duplicates: error`.";
    SQL_RUNTIME "Q307" Run "the engine failed inside the mapping's SQL"
        "The expression raised an error on a row."
        "Use the forgiving functions (`integer(x)`, `try_cast`), which give NULL instead.";
}
