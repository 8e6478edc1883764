"""The usage job as a pandas user would write it: a row group at a time, sums of sums.  usage: peer_pandas.py IN.parquet OUTFOLDER

Leaves out what peer_duckdb.py leaves out.
"""
import os, sys
import pandas as pd, pyarrow.parquet as pq
sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import arrow_csv

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
KEY = ["user_id", "account_id", "Module", "Action"]
sums, rejects, row = [], [], 0
file = pq.ParquetFile(source)
for group in range(file.num_row_groups):
    read = file.read_row_group(group, columns=["user_id", "account_id", "area", "event", "times"])
    df = read.to_pandas(types_mapper=arrow_csv.text)
    df["rn"] = range(row + 1, row + 1 + len(df))
    row += len(df)
    df = df[df["user_id"].notna()].rename(columns={"area": "Module", "event": "Action"})
    for name in KEY:
        df[name] = df[name].str.strip()
    df["user_id"] = df["user_id"].str.lower()
    reason = pd.Series(pd.NA, index=df.index, dtype="str")
    for name, alphabet in (("user_id", "[A-Za-z0-9_@.-]+"), ("account_id", "[A-Za-z0-9_-]+"), ("Module", None), ("Action", None)):
        reason[reason.isna() & (df[name].isna() | (df[name] == ""))] = "V401 " + name
        if alphabet:
            reason[reason.isna() & ~df[name].str.fullmatch(alphabet, na=False)] = "V402 " + name
    reason[reason.isna() & (df["times"] < 1)] = "V411 Count"
    lost = reason.notna()
    rejects.append(df.loc[lost, ["rn", "account_id", "user_id"]].assign(reason=reason[lost]))
    good = df[~lost]
    sums.append(good.assign(Count=good["times"].fillna(1).astype("int64")).groupby(KEY, sort=False)["Count"].sum())
total = pd.concat(sums).groupby(level=KEY, sort=False).sum()
arrow_csv.write(total.reset_index(), out + "/usage.csv")
pd.concat(rejects).to_csv(out + "/rejects.csv", index=False)
