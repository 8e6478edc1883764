"""The usage_aggregations job as a Polars user would write it, with the streaming engine.  usage: peer_polars.py IN.parquet OUTFOLDER

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
    pl.scan_parquet(source, row_index_name="rn")
    .select((c("rn") + 1).alias("rn"), c("account_id").str.strip_chars(), "user_id", c("area").str.strip_chars(),
            c("event").str.strip_chars(), "times", "seconds")
    .with_columns(
        when(empty("account_id")).then(lit("V401 account_id"))
        .when(~c("account_id").str.contains("^[A-Za-z0-9_-]+$")).then(lit("V402 account_id"))
        .when(empty("area")).then(lit("V401 pivot.module"))
        .when(empty("event")).then(lit("V401 pivot.action")).alias("reason")))
good = judged.filter(c("reason").is_null())
pairs, totals, rejects = pl.collect_all([
    good.group_by("account_id", "area", "event").agg(c("times").fill_null(1).sum()),
    good.group_by("account_id").agg(c("user_id").drop_nulls().n_unique().alias("Daily active users"),
                                    pl.len().alias("Daily total activities"),
                                    (c("seconds").sum() // 60).alias("Daily time spent in minutes")),
    judged.filter(c("reason").is_not_null()).select("rn", "account_id", "reason"),
], engine="streaming")
wide = (pairs.select("account_id", pl.concat_str("area", lit("##"), "event").alias("pair"), "times")
        .pivot("pair", index="account_id", values="times").fill_null(0))
totals.join(wide, on="account_id").write_csv(out + "/usage_aggregations.csv")
rejects.write_csv(out + "/rejects.csv")
