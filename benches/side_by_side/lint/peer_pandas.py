"""The lint job as a pandas user would write it: 64 MB at a time, then keys and parents.  usage: peer_pandas.py IN.csv OUTFOLDER

Leaves out what peer_duckdb.py leaves out.
"""
import os, sys
import pandas as pd
sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import arrow_csv

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
ids, found = [], []
TEXTS = ["account_name", "Account Type", "Status", "Owner Email", "Region", "Description", "Is Active"]


def judge(name, df):
    """The codes of the cells in which something is found."""
    v = df[name]
    if name in ("account_id", "parent_id"):
        bare = v.str.strip()
        code = {"V401": (bare.isna() | (bare == "")) if name == "account_id" else None,
                "V402": bare.notna() & (bare != "") & ~bare.str.fullmatch("[A-Za-z0-9_-]+", na=False), "F201": v.notna() & (bare != v)}
    elif name in TEXTS:
        code = {"V415": v.str.contains('"', regex=False, na=False), "F201": v.notna() & (v.str.strip() != v)}
    elif name in ("Contract Value", "Licenses"):
        odd = v[v.notna() & ~v.str.fullmatch(r"-?[0-9]+(\.[0-9]+)?", na=False)]
        code = {"F201": odd.str.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})*(\.[0-9]+)?", na=False), "V409": pd.Series(True, index=odd.index)}
    else:
        form = v.str.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?)?", na=False)
        right = v.str.fullmatch(r".{10}(T.{8}\.\d{1,3}Z)?", na=False)
        day = pd.to_datetime(v.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
        code = {"V404": v.notna() & ~form, "V405": form & day.isna(), "F201": form & ~right}
    taken, parts = pd.Index([]), []
    for one, hit in code.items():
        if hit is None:
            continue
        rows = hit.index[hit].difference(taken)
        taken = taken.union(rows)
        parts.append(pd.DataFrame({"rn": rows + 1, "reason": f"{one} {name}", "value": v[rows]}))
    return pd.concat(parts)


for df in arrow_csv.pieces(source):
    findings = pd.concat([judge(name, df) for name in df.columns])
    found.append(findings)
    faults = findings[findings["reason"].str.startswith("V")]
    ids.append(pd.DataFrame({"id": df["account_id"].str.strip(), "parent": df["parent_id"].str.strip(),
                             "no_key": df.index.isin(faults["rn"][faults["reason"].str.endswith(" account_id")] - 1),
                             "faulty": df.index.isin(faults["rn"] - 1)}))
ids = pd.concat(ids)
keyed = ids[~ids["no_key"]]
loser = keyed["id"].duplicated(keep="last")
winners = keyed[~loser]
# Parents as row numbers, then from the roots down until nothing changes.
place = pd.Index(winners["id"].to_numpy(object)).get_indexer(winners["parent"].to_numpy(object))
root, valid = winners["parent"].isna().to_numpy(), ~winners["faulty"].to_numpy()
reached, before = root & valid, -1
while reached.sum() != before:
    before = reached.sum()
    reached |= valid & (place >= 0) & reached[place]
below, known = winners[valid & ~reached], place[valid & ~reached] >= 0
for reason, rows, name in (("K604 parent_id", below[known], "parent"), ("K603 parent_id", below[~known], "parent"), ("K601 record", keyed[loser], "id")):
    found.append(pd.DataFrame({"rn": rows.index + 1, "reason": reason, "value": rows[name]}))
pd.concat(found).to_csv(out + "/findings.csv", index=False)
