"""The accounts job as a pandas user would write it.  usage: peer_pandas.py IN.csv OUTFOLDER

Leaves out what peer_duckdb.py leaves out. pandas works on one core (but for reading) and holds the whole file.
"""
import os, sys
import numpy as np, pandas as pd
sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import arrow_csv

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
src = arrow_csv.read(source)
df = pd.DataFrame({"account_id": src["Id"].str.strip()})
df["account_name"] = src["Account Name"].str.replace('"', "'", regex=False)
df["parent_id"] = src["Parent Id"].str.strip()
df["Owner Email"] = src["Owner Email"].str.lower()
df["ARR"] = pd.to_numeric(src["ARR"].str.replace("$", "", regex=False).str.replace(",", "", regex=False), errors="coerce")
raw = src["Renewal Date"]
# A layout at a time, each only on what is left: pandas parses fast where all values have one layout.
renewal = pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us]")
for layout in ("%m/%d/%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"):
    left = raw[raw.notna() & renewal.isna()]
    read = pd.to_datetime(left, format=layout, errors="coerce", utc=layout.endswith("z")).dropna()
    renewal.loc[read.index] = read.dt.tz_localize(None).astype("datetime64[us]") if layout.endswith("z") else read.astype("datetime64[us]")
df["Renewal Date"] = renewal
df["Create Date"] = pd.to_datetime(src["Created Date"], format="%Y-%m-%dT%H:%M:%SZ", errors="coerce")
df["Status"] = src["Status"].str.strip().fillna("Active")
df["Industry"] = src["Industry"].str.replace('"', "'", regex=False)
df["Seats"] = pd.to_numeric(src["Seats"].str.replace(",", "", regex=False), errors="coerce").astype("Int64")
df["NPS"] = pd.to_numeric(src["NPS"], errors="coerce").astype("Int64")
df["Region"] = src["Region"]
df["Description"] = src["Description"].str.replace('"', "'", regex=False)
df["Is Active"] = src["Is Active"]

reason = pd.Series(pd.NA, index=df.index, dtype="str")
reason[df["account_id"].isna() | (df["account_id"] == "")] = "V401 account_id"
reason[reason.isna() & ~df["account_id"].str.fullmatch("[A-Za-z0-9_-]+", na=False)] = "V402 account_id"
keyed = reason.isna()
last = keyed & ~df[keyed]["account_id"].duplicated(keep="last").reindex(df.index, fill_value=True)
reason[keyed & ~last] = "duplicate"
for name, origin, code in (("ARR", "ARR", "V409"), ("Renewal Date", "Renewal Date", "V404"), ("Create Date", "Created Date", "V404"),
                           ("Seats", "Seats", "V409"), ("NPS", "NPS", "V409")):
    reason[reason.isna() & src[origin].notna() & df[name].isna()] = f"{code} {name}"
del src

# Parents as row numbers, then from the roots down until nothing changes.
winners = np.flatnonzero(last)
place = pd.Index(df["account_id"].to_numpy(object)[winners]).get_indexer(df["parent_id"].to_numpy(object)[winners])
root, valid = df["parent_id"].isna().to_numpy()[winners], reason.isna().to_numpy()[winners]
reached, before = root & valid, -1
while reached.sum() != before:
    before = reached.sum()
    reached |= valid & (place >= 0) & reached[place]
reason.iloc[winners[valid & ~reached & (place < 0)]] = "K603 parent_id"
reason.iloc[winners[valid & ~reached & (place >= 0)]] = "K604 parent_id"

arrow_csv.write(df[reason.isna()], out + "/accounts.csv")
lost = reason[reason.notna()]
pd.DataFrame({"rn": lost.index + 1, "account_id": df["account_id"][lost.index], "reason": lost}).to_csv(out + "/rejects.csv", index=False)
