//! Codes of runs whose work is done by a cluster (N89x).

use super::{Code, Stage};

codes! { CLUSTER:
    CLUSTER_FAILED "N891" Run "the cluster did not do its work"
        "It was asked several times; what it gave was late, torn, or not what was counted before. Nothing of it was published."
        "See the scheduler's and the executors' logs; safe to run again, also without `--cluster`.";
    CLUSTER_FILES "N892" Run "a file of this machine is to be read by other machines"
        "Executors read the files themselves; the same path may be another file there, or none."
        "Put the files into a store, or say `--shared-files` if every executor sees them at the same path.";
    CLUSTER_HERE "N893" Run "rows are judged on this machine, not on the cluster"
        "What they are judged with lies here, or must not travel. The result is the same."
        "Nothing need be done; without `--cluster` the run says no more of it.";
    CLUSTER_AGAIN "N894" Run "work was handed to the cluster again"
        "An executor was lost, or a result came late or torn; only what had not arrived was done again. The result is whole."
        "If it comes often, see the logs of the executors; a slow cluster needs a longer `--cluster-patience`.";
}
