//! Codes of deliveries (N86x) and of telling people (N87x).

use super::{Code, Stage};

codes! { DELIVER:
    DELIVER_PLACE "N861" Mapping "`deliver` or `notify` cannot be done as it is set"
        "A place, mapping or setting in it is wrong; nothing was sent."
        "Correct it where the message points.";
    DELIVER_FAILED "N862" Run "a published file did not arrive"
        "The place failed or refused it; the output folder has the file, and the place what it had before."
        "Run again or `tanguero deliver`: what arrived is not sent again.";
    DELIVERIES "N863" Run "what was delivered is not known"
        "The state folder's `deliveries.json` is in use or damaged: sending again could make Totango's import fail."
        "See the message; then run again.";
    TRIGGER_OPEN "N864" Run "nobody knows whether a trigger was taken"
        "It was called, and its answer was lost or an error of its own; it is not called again by itself."
        "Look in Totango whether the import ran; else `tanguero deliver --call-again`.";
    NOTIFY_FAILED "N871" Run "somebody was not told how a run ended"
        "The service or mail server did not take the message; the run itself is as it is."
        "Try it with `tanguero notify --test`.";
}
