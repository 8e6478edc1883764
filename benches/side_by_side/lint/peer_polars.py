"""The lint job as a Polars user would write it.  usage: peer_polars.py IN.csv OUTFOLDER

Leaves out what peer_duckdb.py leaves out.
"""
import os, sys
import polars as pl

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
c, when, lit = pl.col, pl.when, pl.lit


def ident(name, needed):
    v = c(name).str.strip_chars()
    empty = v.is_null() | (v == "")
    return (when(empty).then(lit("V401") if needed else lit(None, pl.String)).when(~v.str.contains("^[A-Za-z0-9_-]+$")).then(lit("V402"))
            .when(v != c(name)).then(lit("F201")))


def text(name):
    return (when(c(name).str.contains('"', literal=True)).then(lit("V415"))
            .when(c(name).str.strip_chars() != c(name)).then(lit("F201")))


def number(name):
    return (when(c(name).is_null() | c(name).str.contains(r"^-?[0-9]+(\.[0-9]+)?$")).then(lit(None, pl.String))
            .when(c(name).str.contains(r"^-?[0-9]{1,3}(,[0-9]{3})*(\.[0-9]+)?$")).then(lit("F201")).otherwise(lit("V409")))


def date(name):
    day = c(name).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    return (when(c(name).is_null()).then(lit(None, pl.String))
            .when(~c(name).str.contains(r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?)?$")).then(lit("V404"))
            .when(day.is_null()).then(lit("V405"))
            .when((c(name).str.len_bytes() > 10) & ~c(name).str.contains(r"^.{10}T.{8}\.\d{1,3}Z$")).then(lit("F201")))


judges = {"account_id": ident("account_id", True), "account_name": text("account_name"), "parent_id": ident("parent_id", False),
          "Account Type": text("Account Type"), "Status": text("Status"), "Contract Value": number("Contract Value"),
          "Contract Renewal Date": date("Contract Renewal Date"), "Create Date": date("Create Date"), "Licenses": number("Licenses"),
          "Owner Email": text("Owner Email"), "Region": text("Region"), "Description": text("Description"), "Is Active": text("Is Active")}
code = {name: c("code " + name) for name in judges}
judged = (
    pl.scan_csv(source, infer_schema=False, null_values=[""]).with_row_index("rn", 1)
    .with_columns(*[judge.alias("code " + name) for name, judge in judges.items()])
    .select("rn", c("account_id").str.strip_chars().alias("id"), c("parent_id").str.strip_chars().replace("", None).alias("parent"),
            code["account_id"].str.starts_with("V").fill_null(False).alias("no_key"),
            pl.any_horizontal(code[name].str.starts_with("V").fill_null(False) for name in judges).alias("faulty"),
            *["code " + name for name in judges],
            *[when(code[name].is_not_null()).then(c(name)).alias("value " + name) for name in judges])
    .collect(engine="streaming"))
winners = judged.select("rn", "id", "parent", "no_key", "faulty").filter(~c("no_key")).unique("id", keep="last", maintain_order=True)
valid = winners.filter(~c("faulty"))
level, below = valid.filter(c("parent").is_null()).select("id"), valid.filter(c("parent").is_not_null()).select("rn", "id", "parent")
while len(level) and len(below):
    level = below.join(level, left_on="parent", right_on="id", how="semi").select("id")
    below = below.join(level, on="id", how="anti")
findings = [judged.filter(code[name].is_not_null()).select("rn", (code[name] + " " + name).alias("reason"), c("value " + name).alias("value"))
            for name in judges]
findings.append(below.select("rn", when(c("parent").is_in(winners["id"].implode())).then(lit("K604 parent_id"))
                             .otherwise(lit("K603 parent_id")).alias("reason"), c("parent").alias("value")))
findings.append(judged.filter(~c("no_key")).select("rn", "id").join(winners.select("rn"), on="rn", how="anti")
                .select("rn", lit("K601 record").alias("reason"), c("id").alias("value")))
pl.concat(findings).write_csv(out + "/findings.csv")
