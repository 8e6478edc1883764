"""The users job as a Polars user would write it.  usage: peer_polars.py IN.csv OUTFOLDER

Leaves out what peer_duckdb.py leaves out.
"""
import os, sys
import polars as pl

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
c, when, lit = pl.col, pl.when, pl.lit
FLAG = {**dict.fromkeys(["yes", "y", "true", "t", "1", "on"], "yes"), **dict.fromkeys(["no", "n", "false", "f", "0", "off"], "no")}
flags = {"Contact": "Is Contact", "Key Contact": "Is Key Contact", "tag##vip": "VIP", "tag##beta": "Beta", "tag##speaker": "Speaker"}
signed_up = c("Signed Up")
lf = pl.scan_csv(source, infer_schema=False, null_values=[""]).with_row_index("rn", 1).with_columns(
    c("Email").str.strip_chars().str.to_lowercase().replace("", None).alias("user_id"),
    c("Account Id").str.strip_chars().replace("", None).alias("account_id"),
    c("First Name").str.strip_chars().str.replace_all('"', "'", literal=True),
    c("Last Name").str.strip_chars().str.replace_all('"', "'", literal=True).replace("", None),
    *[c(origin).str.strip_chars().str.to_lowercase().replace_strict(FLAG, default=None).alias(name) for name, origin in flags.items()],
    c("Title").str.strip_chars().str.replace_all('"', "'", literal=True).str.slice(0, 40).alias("job_title"),
    c("NPS").cast(pl.Int64, strict=False).alias("nps"),
    pl.coalesce(
        signed_up.str.to_datetime("%m/%d/%Y", strict=False),
        signed_up.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False),
        signed_up.str.to_datetime("%Y-%m-%dT%H:%M:%S%z", strict=False, time_zone="UTC").dt.replace_time_zone(None),
    ).alias("signed_up"),
    c("Last Login").cast(pl.Int64, strict=False).cast(pl.Datetime("ms")).alias("last_login"),
)


def fault(name, origin, code):
    return when(c(origin).is_not_null() & c(name).is_null()).then(lit(f"{code} {name}"))


df = lf.with_columns(
    when(c("user_id").is_null()).then(lit("V401 user_id"))
    .when(~c("user_id").str.contains("^[A-Za-z0-9_@.-]+$")).then(lit("V402 user_id"))
    .when(c("account_id").is_null()).then(lit("V401 account_id"))
    .when(~c("account_id").str.contains("^[A-Za-z0-9_-]+$")).then(lit("V402 account_id")).alias("no_key"),
    pl.coalesce(
        when(c("Last Name").is_null()).then(lit("V401 Last Name")),
        fault("Contact", "Is Contact", "V413"), fault("Key Contact", "Is Key Contact", "V413"), fault("nps", "NPS", "V409"),
        when(c("signed_up").is_null() & signed_up.str.contains(r"^\d\d/\d\d/\d{4}$")).then(lit("V405 signed_up")),
        fault("signed_up", "Signed Up", "V404"), fault("last_login", "Last Login", "V404"),
        fault("tag##vip", "VIP", "V413"), fault("tag##beta", "Beta", "V413"), fault("tag##speaker", "Speaker", "V413"),
    ).alias("fault"),
).select(
    "rn", "no_key", "fault", "user_id", "account_id", "First Name", "Last Name", c("user_id").alias("Email"), "Contact", "Key Contact",
    "job_title", "nps", "signed_up", "last_login",
    *[c(tag).replace("no", None) for tag in ("tag##vip", "tag##beta", "tag##speaker")],
).collect()

keyed = df.filter(c("no_key").is_null())
winners = keyed.unique(subset=["account_id", "user_id"], keep="last", maintain_order=True)
iso = "%Y-%m-%dT%H:%M:%S%.3fZ"
(winners.filter(c("fault").is_null()).drop("rn", "no_key", "fault")
 .with_columns(c("signed_up").dt.strftime(iso), c("last_login").dt.strftime(iso)).write_csv(out + "/users.csv"))
pl.concat([df.filter(c("no_key").is_not_null()).select("rn", "account_id", "user_id", c("no_key").alias("reason")),
           winners.filter(c("fault").is_not_null()).select("rn", "account_id", "user_id", c("fault").alias("reason")),
           keyed.join(winners.select("rn"), on="rn", how="anti").select("rn", "account_id", "user_id", lit("duplicate").alias("reason")),
           ]).write_csv(out + "/rejects.csv")
