//! Codes of services that are called (N8xx).

use super::{Code, Stage};

codes! { WEB:
    WEB_ADDRESS "N851" Mapping "a service cannot be called as it is set"
        "Its URL or its token is wrong; nothing was asked of it."
        "Give the whole URL as the service shows it.";
    WEB_DENIED "N852" Run "a service refuses access"
        "The token is missing, wrong, expired, or does not allow it."
        "Check the token; make a new one where it was made.";
    WEB_FAILED "N853" Run "a service or the network failed"
        "It went on failing after all retries, until the deadline; nothing was done."
        "Safe to run again.";
    WEB_REFUSED "N854" Run "a service did not do what was asked"
        "It answered, and another call would get the same answer."
        "See its own words: most often the URL is wrong.";
    WEB_UNKNOWN "N855" Run "a service was asked, and its answer was lost"
        "It may have acted: asking again could do it twice."
        "Look at the service whether it acted.";
    TOTANGO_TOO_MANY "N856" Mapping "Totango finds more records than a search reaches"
        "A search reaches 10,000 records, and what lies behind them would be missed in silence. Article \"Search API (accounts and users)\"."
        "Divide the search with `split`, or narrow its query.";
    TOTANGO_SPLIT "N857" Mapping "the parts of a divided search are not the whole"
        "`split` must put every record into exactly one part; the parts are added up against the whole."
        "Add the values that are missing, or divide by something of which every record has one value.";
    TOTANGO_UNSTEADY "N858" Run "Totango's records changed while they were read"
        "Pages of a list that changes repeat some records and miss others; it was read several times."
        "Run again when nothing is imported into Totango.";
}
