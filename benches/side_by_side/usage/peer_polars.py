"""The usage job as a Polars user would write it: lazily, with the streaming engine.  usage: peer_polars.py IN.parquet OUTFOLDER

Leaves out what peer_duckdb.py leaves out.
"""
import os, sys
import polars as pl

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
c, when, lit = pl.col, pl.when, pl.lit


def empty(name):
    return c(name).is_null() | (c(name) == "")


judged = (
    pl.scan_parquet(source, row_index_name="rn").filter(c("user_id").is_not_null())
    .select((c("rn") + 1).alias("rn"), c("user_id").str.strip_chars().str.to_lowercase(), c("account_id").str.strip_chars(),
            c("area").str.strip_chars().alias("Module"), c("event").str.strip_chars().alias("Action"), "times")
    .with_columns(
        when(empty("user_id")).then(lit("V401 user_id"))
        .when(~c("user_id").str.contains("^[A-Za-z0-9_@.-]+$")).then(lit("V402 user_id"))
        .when(empty("account_id")).then(lit("V401 account_id"))
        .when(~c("account_id").str.contains("^[A-Za-z0-9_-]+$")).then(lit("V402 account_id"))
        .when(empty("Module")).then(lit("V401 Module"))
        .when(empty("Action")).then(lit("V401 Action"))
        .when(c("times") < 1).then(lit("V411 Count")).alias("reason")))
counts = judged.filter(c("reason").is_null()).group_by("user_id", "account_id", "Module", "Action").agg(c("times").fill_null(1).sum().alias("Count"))
rejects = judged.filter(c("reason").is_not_null()).select("rn", "account_id", "user_id", "reason")
# Both at once: the file is read and judged once.
pl.collect_all([counts.sink_csv(out + "/usage.csv", lazy=True), rejects.sink_csv(out + "/rejects.csv", lazy=True)], engine="streaming")
