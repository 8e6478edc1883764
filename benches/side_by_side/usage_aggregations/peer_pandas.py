"""The usage_aggregations job as a pandas user would write it: a row group at a time.  usage: peer_pandas.py IN.parquet OUTFOLDER

Leaves out what peer_duckdb.py leaves out.
"""
import os, sys
import pandas as pd, pyarrow.parquet as pq
sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import arrow_csv

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
pairs, totals, people, rejects, row = [], [], [], [], 0
file = pq.ParquetFile(source)
for group in range(file.num_row_groups):
    read = file.read_row_group(group, columns=["account_id", "user_id", "area", "event", "times", "seconds"])
    df = read.to_pandas(types_mapper=arrow_csv.text)
    df["rn"] = range(row + 1, row + 1 + len(df))
    row += len(df)
    for name in ("account_id", "area", "event"):
        df[name] = df[name].str.strip()
    reason = pd.Series(pd.NA, index=df.index, dtype="str")
    reason[df["account_id"].isna() | (df["account_id"] == "")] = "V401 account_id"
    reason[reason.isna() & ~df["account_id"].str.fullmatch("[A-Za-z0-9_-]+", na=False)] = "V402 account_id"
    reason[reason.isna() & (df["area"].isna() | (df["area"] == ""))] = "V401 pivot.module"
    reason[reason.isna() & (df["event"].isna() | (df["event"] == ""))] = "V401 pivot.action"
    lost = reason.notna()
    rejects.append(df.loc[lost, ["rn", "account_id"]].assign(reason=reason[lost]))
    good = df[~lost]
    pairs.append(good.assign(times=good["times"].fillna(1).astype("int64")).groupby(["account_id", "area", "event"], sort=False)["times"].sum())
    totals.append(good.groupby("account_id", sort=False).agg(events=("rn", "size"), seconds=("seconds", "sum")))
    people.append(good[["account_id", "user_id"]].dropna().drop_duplicates())

pairs = pd.concat(pairs).groupby(level=[0, 1, 2]).sum().reset_index()
pairs["pair"] = pairs["area"] + "##" + pairs["event"]
wide = pairs.pivot(index="account_id", columns="pair", values="times").fillna(0).astype("int64")
totals = pd.concat(totals).groupby(level=0).sum()
people = pd.concat(people).drop_duplicates().groupby("account_id").size()
left = pd.DataFrame({"Daily active users": people.reindex(totals.index, fill_value=0), "Daily total activities": totals["events"],
                     "Daily time spent in minutes": totals["seconds"] // 60})
left.join(wide).to_csv(out + "/usage_aggregations.csv", index_label="account_id")
pd.concat(rejects).to_csv(out + "/rejects.csv", index=False)
