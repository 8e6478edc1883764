//! Codes of keys and links (K6xx), limits and publishing (L7xx), sources and the world (S8xx), and warnings (W9xx).

use super::{Code, Stage};

codes! { RUN:
    KEY_TWICE "K601" Run "the same key occurs twice"
        "`duplicates: error` refuses such data."
        "Remove the duplicates, or choose another policy.";
    KEY_SHARED "K602" Row "one foreign key points to two accounts"
        "Totango could not know which account is meant. Article FK."
        "Correct it at the source.";
    PARENT_MISSING "K603" Row "the parent is nowhere"
        "A child needs a parent that exists or is sent too. Article HIER."
        "Send the parent, list it in `known_accounts`, or say `missing_parent: detach`.";
    PARENT_REJECTED "K604" Row "the parent's own row was not written"
        "A child must not hang under a row that Totango never gets."
        "Cure the parent's row; its children follow.";
    PARENT_SELF "K605" Row "an account is its own parent"
        "A loop of one. Article HIER."
        "Empty the parent at the source.";
    PARENT_LOOP "K606" Row "accounts are one another's parents in a loop"
        "No tree can be built. Article HIER."
        "Break the loop at the source.";
    TOO_DEEP "K607" Row "an account lies deeper than `max_depth`"
        "A root has depth 1."
        "Raise `max_depth`, or correct the parents.";
    REFERENCE_MISSING "K608" Row "the value refers to nothing"
        "References are checked against what is written and what is known."
        "Send the target too, or say `missing: empty` or `warn`.";
    KEY_LOOKUP_TWICE "K609" Run "two rows of a lookup table have one key and different values"
        "Which of them is meant cannot be known."
        "Remove one of the two.";
    ACCOUNT_UNKNOWN "K610" Row "Totango does not have the account"
        "Totango ignores rows of unknown accounts in silence, or creates accounts that nobody meant, as its switch says."
        "Send the account first, correct the id, or say `policy: report` or `allow`.";
    LIMIT_REJECTS "L701" Run "more records are rejected than `limits` allows"
        "The run is refused so that a broken export does not reach Totango."
        "Look at the rejects file; accept once with `--accept rejects`.";
    FAIL_POLICY "L702" Run "a fault that `fail` refuses"
        "The mapping says `fail` for this fault."
        "Cure the data, or choose another policy.";
    PUBLISH_FAILED "L703" Run "the outputs could not be put in place"
        "Disk full, no permission, or the folder went away."
        "Make room or give permission, and run again.";
    LOCKED "L704" Run "another run holds the output folder"
        "Two runs at once would mix their files."
        "Wait for it to end.";
    MEMORY "L705" Run "the run would need more memory than `--memory` allows"
        "What this stage holds cannot lie on disk."
        "Raise `--memory`.";
    UNBALANCED "L706" Run "the ledger does not balance"
        "A record was lost or counted twice: a mistake in tanguero."
        "Report it with `run.json`; nothing was published.";
    SPLIT_TOO_SMALL "L707" Run "a single row is larger than `split.size`"
        "The part could not hold it."
        "Raise `split.size`.";
    LIMIT_FEWER_ROWS "L708" Run "fewer rows than were published last"
        "Accounts that are missing from an export are most often a broken export."
        "Check the export; accept once with `--accept fewer_rows`.";
    LIMIT_EMPTIER "L709" Run "a column is emptier than it was"
        "Empty cells may delete values in Totango. Article OLDPREP."
        "Check the column at the source; accept once with `--accept emptier`.";
    LIMIT_CLEARED "L710" Run "values published last would be emptied"
        "An empty user cell always deletes, an empty account cell as the attribute is set. Article OLDPREP."
        "Check the source, or say `default: keep`; accept once with `--accept cleared`.";
    LIMIT_NEW "L711" Run "more new keys than are allowed"
        "New accounts by the thousand are most often ids that changed."
        "Check the ids; accept once with `--accept new_accounts`.";
    LIMIT_HEADERS "L712" Run "the header is another than was published last"
        "Totango ignores new columns until an admin maps them. Article SCHED."
        "Have the integration job edited; accept once with `--accept headers`.";
    RESEND "L713" Run "this day's usage was sent already, with other numbers"
        "Totango adds usage up: what is sent twice counts twice. Article USAGECSV."
        "Send it only if Totango never took the first file: `--accept resend`.";
    STATE "L714" Run "the memory of earlier runs cannot be used"
        "A file of the state folder is damaged, or the disk failed."
        "See the message; `tanguero state reset` forgets it.";
    ENVIRONMENT "L715" Run "the output folder belongs to another environment"
        "Two environments in one folder would overwrite each other's files."
        "Give each environment an `output.directory` of its own.";
    ARCHIVE_FAILED "L716" Run "the files are published, and not copied to the archive"
        "The disk or the store of `output.archive` failed."
        "Cure it and run again: what stands is not published twice, and the day's copy is made.";
    ARCHIVE_PLACE "L717" Mapping "the archive has no place of its own"
        "Copies among what Totango pulls would be imported again."
        "Name a folder or store outside the output, e.g. `archive/${as_of}`.";
    STATE_PLACE "L718" Mapping "the state cannot be kept there"
        "A web server takes no files, and rejects and duplicates must not lie where Totango pulls."
        "Name a folder, a bucket (`s3://`, `gs://`, `az://`) or an SFTP folder outside the output; docs/memory.md.";
    MEMORY_SHARED "L719" Run "two places share one memory"
        "Empty cells would keep, and limits would compare with, what another environment or project published."
        "Give each an `--env` or a `state` of its own; where Totango is fed from a new place, `--accept moved` once.";
    LOCK_LOST "L720" Run "the lock on the target was taken over"
        "The run was held up longer than its lock lasts, and another run began."
        "Run again; see why the machine stood still.";
    REPORTS_PLACE "L721" Mapping "the reports have no place of their own"
        "Rejects and duplicates hold people's data and must not go where Totango pulls."
        "Set `output.reports` to a folder or store outside the target.";
    PLAN_CONDITION "L722" Run "publishing would do what `--fail-on` forbids"
        "`tanguero plan` was told where to draw the line."
        "Look at the samples; cure the source, or raise the bound.";
    MEMORY_LATE "L723" Run "the files are published, and not yet remembered"
        "The store of the state failed after the publish."
        "Run again once the cause is cured: the next run remembers them first.";
    SOURCE_MISSING "S801" Run "a source matches no file"
        "The export did not arrive, or the path is wrong."
        "Check the path; see when the export last ran.";
    SOURCE_EMPTY "S802" Run "a source has no record"
        "An empty export is most often a failed export."
        "Check the export, or say `on_empty: ok`.";
    SOURCE_OLD "S803" Run "a source is older than `max_age`"
        "The export did not run."
        "Check the export.";
    SOURCE_UNREADABLE "S804" Run "a source cannot be read"
        "The file is damaged, of another kind, or not permitted."
        "Check the file, `kind` and `compression`.";
    SOURCE_CHANGED "S805" Run "a source changed while it was read"
        "The result would be a mixture."
        "Run again when the export is complete.";
    HEADER "S806" Mapping "the header cannot be used"
        "It is blank, missing, or has a name that the tool needs for itself."
        "Set `preamble`, `delimiter` or `header`.";
    WORLD "S807" Run "the run failed"
        "Disk, memory or the engine."
        "See the message; run again when it is cured.";
    USAGE "S808" Run "wrong usage"
        "The command line cannot be understood."
        "See `tanguero --help`.";
    STORE_SETTING "S811" Mapping "a store cannot be used as it is set"
        "Its URL or one of its settings is wrong; nothing was asked of it."
        "Correct it where the message says it comes from.";
    STORE_MISSING "S812" Run "an object or bucket is not there"
        "The store answered, and knows nothing of this name."
        "Check bucket, path and account.";
    STORE_DENIED "S813" Run "a store refuses access"
        "The credentials are missing, wrong, expired, or do not allow it."
        "Check them: `stores:` first, then the environment.";
    STORE_FAILED "S814" Run "a store or the network failed"
        "It went on failing after all retries, until the deadline."
        "Safe to run again.";
    STORE_REFUSED "S815" Run "a store did not do what was asked"
        "It answered, and another run would get the same answer."
        "See the message: most often `endpoint` or `region` is wrong.";
    EMPTIED "W901" Row "a faulty value was emptied"
        "`on_error: empty` writes an empty cell instead."
        "Look at the column; Totango may delete the value it has.";
    MAY_DELETE "W902" Row "empty cells that may delete values in Totango"
        "An empty account cell runs the attribute's default-value setting; an empty user cell always deletes. Article OLDPREP."
        "Say `default:` to decide, or leave the column out.";
    CASE_TWINS "W903" Row "two ids differ only by case"
        "Totango keeps them apart in some places and not in others. Article FAQWEB."
        "Use one spelling at the source.";
    SHORT_SALESFORCE_ID "W904" Row "a Salesforce id of 15 characters"
        "It differs from others only by case; Totango wants the 18-character form. Article IDS."
        "Wrap it in `sf18(...)`.";
    DETACHED "W905" Row "a record was written without its parent"
        "`detach` cut the link."
        "Check the parents.";
    REFERENCE_WARNING "W906" Row "a value refers to nothing"
        "`missing: warn` lets it pass."
        "Check the reference.";
    REFERENCE_EMPTIED "W907" Row "a reference to nothing was emptied"
        "`missing: empty` writes an empty cell."
        "Check the reference.";
    FOOTER_ABSENT "W908" Run "the footer is not there"
        "A report that ends without its footer was probably cut."
        "Check the export.";
    LARGE_FILE "W909" Run "the file is larger than a one-time upload takes"
        "Recurring imports have no limit. Articles PREP, AGG."
        "Use `output.split`, or a recurring import.";
    TRUNCATED "W910" Row "text was cut to the longest Totango takes"
        "`truncate: true` allows it."
        "Shorten it at the source.";
    NO_HISTORY "W911" Run "usage of earlier days is not loaded"
        "Totango ignores the Timestamp: events land on the day of upload. Article USAGECSV."
        "Send each day on its day.";
    TEAMS_REPLACED "W912" Run "the Teams column replaces the teams people have"
        "Totango takes the list as the whole of them. Article TUBULK."
        "Leave the column out unless that is meant.";
    TYPE_PER_LEVEL "W913" Run "one account type stands at several levels of the hierarchy"
        "Totango wants one distinct type per level. Article HIER."
        "Check `Account Type`.";
    CONTACT_FLAG "W914" Row "a key contact that is not a contact"
        "A key contact must also be a contact. Article TERMS."
        "Map `Contact` as well.";
    LICENCES "W915" Run "active users use up licences"
        "Each active user takes one. Article TUMAN."
        "Compare the count with the contract.";
    ROW_PER_USER "W916" Run "a row per user, where Totango documents one per account"
        "Of several rows of one account Totango may keep the last alone. Article AGG."
        "Leave `user_id` out, or check in Totango that every user's numbers arrive.";
    PAIRS_LEFT_OUT "W917" Run "usage that has no column"
        "`top` and `columns` of the pivot leave pairs out: their numbers are not sent."
        "Add the pairs to `columns`, or raise `top`.";
    HEADER_CHANGED "W918" Run "the header is another than was published last"
        "Totango ignores new columns until an admin maps them; a column that is gone keeps its old values. Article SCHED."
        "Have the integration job edited, or say `limits: {headers: fail}`.";
    USAGE_RESENT "W919" Run "usage of one day was sent twice"
        "Totango adds usage up: what is sent twice counts twice. Article USAGECSV."
        "Make sure that Totango never took the first file.";
    UPLOADS_LEFT "W920" Run "an earlier run left something in the target"
        "It was killed while it published; what it had decided is finished, what it had not is removed."
        "Nothing, unless a command is shown: an upload that is nobody's takes room until it is removed.";
    NO_SNAPSHOT "W921" Run "nothing says what a mapping published before"
        "A mapping named in `references` or `known_accounts` means what it writes now and what it published before; the latter is in its snapshot."
        "Publish it once, or begin from an export of Totango: `tanguero state import`.";
    ACCOUNT_NEW "W922" Row "Totango does not have the account yet"
        "`unknown_accounts` with `policy: report` lets it pass: Totango creates the account, or ignores the row, as its switch says."
        "See `<output>.new_accounts.csv`.";
    NOTHING_WRITTEN "W923" Run "nothing but a header is written"
        "Every record was rejected, most often for one and the same reason: another file, or a column that moved."
        "Look at the rejects; `limits: {rejects: 5%, fewer_rows: 20%}` refuses such a night.";
}
