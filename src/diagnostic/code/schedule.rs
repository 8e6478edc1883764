//! Codes of schedules (N88x).

use super::{Code, Stage};

codes! { SCHEDULE:
    SCHEDULE_HELD "N881" Run "another process keeps this project's schedules"
        "Two of them would begin every run twice."
        "End the other one, or leave it to it.";
    SCHEDULE_TARGET "N882" Run "a schedule that its target cannot express"
        "Another scheduler would run it at other times than it says."
        "Choose another cadence or target, or let `tanguero schedule run` keep it.";
    SCHEDULE_UNREAD "N883" Run "`tanguero.yaml` changed and cannot be used"
        "The daemon goes on with the schedules it had; the runs themselves read the file as it is."
        "Correct it: the daemon reads it again as soon as it changes.";
    SCHEDULE_PASSED "N884" Run "a run during which the daemon died three times"
        "Begun again at every start, it would end every start."
        "See why the process was killed: most often memory; then `tanguero schedule once NAME`.";
    SCHEDULE_STATE "N885" Run "what was run last cannot be read"
        "The daemon would not know which firings were missed."
        "Remove the file that the message names: the schedules begin anew.";
}
