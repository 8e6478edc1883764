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
}
