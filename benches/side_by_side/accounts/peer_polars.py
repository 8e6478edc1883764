"""The accounts job as a Polars user would write it.  usage: peer_polars.py IN.csv OUTFOLDER

Leaves out what peer_duckdb.py leaves out. Loops, and what hangs below a reject, are found by joining level after level
from the roots down.
"""
import os, sys
import polars as pl

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
c, when, lit = pl.col, pl.when, pl.lit
renewal = c("Renewal Date")


def fault(name, target, code):
    return when(c(name + "_raw").is_not_null() & c(name).is_null()).then(lit(f"{code} {target}"))


df = pl.scan_csv(source, infer_schema=False, null_values=[""]).with_row_index("rn", 1).select(
    "rn",
    c("Id").str.strip_chars().alias("account_id"),
    c("Account Name").str.replace_all('"', "'", literal=True).alias("account_name"),
    c("Parent Id").str.strip_chars().replace("", None).alias("parent_id"),
    c("Owner Email").str.to_lowercase(),
    c("ARR").alias("ARR_raw"),
    c("ARR").str.replace_all("[$,]", "").cast(pl.Float64, strict=False),
    renewal.alias("Renewal Date_raw"),
    pl.coalesce(
        renewal.str.to_datetime("%m/%d/%Y", strict=False),
        renewal.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False),
        renewal.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")),
        renewal.str.to_datetime("%Y-%m-%dT%H:%M:%S%z", strict=False, time_zone="UTC").dt.replace_time_zone(None),
    ).alias("Renewal Date"),
    c("Created Date").alias("Create Date_raw"),
    c("Created Date").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False).alias("Create Date"),
    c("Status").str.strip_chars().replace("", None).fill_null("Active"),
    c("Industry").str.replace_all('"', "'", literal=True),
    c("Seats").alias("Seats_raw"),
    c("Seats").str.replace_all(",", "", literal=True).cast(pl.Int64, strict=False),
    c("NPS").alias("NPS_raw"),
    c("NPS").cast(pl.Int64, strict=False),
    c("Region"),
    c("Description").str.replace_all('"', "'", literal=True),
    c("Is Active"),
).with_columns(
    when(c("account_id").is_null() | (c("account_id") == "")).then(lit("V401 account_id"))
    .when(~c("account_id").str.contains("^[A-Za-z0-9_-]+$")).then(lit("V402 account_id")).alias("no_key"),
    pl.coalesce(fault("ARR", "ARR", "V409"), fault("Renewal Date", "Renewal Date", "V404"),
                fault("Create Date", "Create Date", "V404"), fault("Seats", "Seats", "V409"),
                fault("NPS", "NPS", "V409")).alias("fault"),
).drop("^.*_raw$").collect()

keyed = df.filter(c("no_key").is_null())
winners = keyed.unique(subset="account_id", keep="last", maintain_order=True)
valid = winners.filter(c("fault").is_null())
level = valid.filter(c("parent_id").is_null()).select("account_id")
below = valid.filter(c("parent_id").is_not_null()).select("account_id", "parent_id")
while len(level) and len(below):
    level = below.join(level, left_on="parent_id", right_on="account_id", how="semi").select("account_id")
    below = below.join(level, on="account_id", how="anti")
lost = valid.select("rn", "account_id", "parent_id").join(below, on="account_id", how="semi").with_columns(
    when(c("parent_id").is_in(winners["account_id"].implode())).then(lit("K604 parent_id"))
    .otherwise(lit("K603 parent_id")).alias("reason"))
iso = "%Y-%m-%dT%H:%M:%S%.3fZ"
(valid.join(lost.select("rn"), on="rn", how="anti", maintain_order="left").drop("no_key", "fault", "rn")
 .with_columns(c("Renewal Date").dt.strftime(iso), c("Create Date").dt.strftime(iso)).write_csv(out + "/accounts.csv"))
pl.concat([df.filter(c("no_key").is_not_null()).select("rn", "account_id", c("no_key").alias("reason")),
           winners.filter(c("fault").is_not_null()).select("rn", "account_id", c("fault").alias("reason")),
           lost.select("rn", "account_id", "reason"),
           keyed.join(winners.select("rn"), on="rn", how="anti").select("rn", "account_id", lit("duplicate").alias("reason")),
           ]).write_csv(out + "/rejects.csv")
