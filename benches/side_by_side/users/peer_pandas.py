"""The users job as a pandas user would write it.  usage: peer_pandas.py IN.csv OUTFOLDER

Leaves out what peer_duckdb.py leaves out. pandas works on one core (but for reading) and holds the whole file.
"""
import os, sys
import pandas as pd
sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import arrow_csv

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
FLAG = {**dict.fromkeys(["yes", "y", "true", "t", "1", "on"], "yes"), **dict.fromkeys(["no", "n", "false", "f", "0", "off"], "no")}
flags = {"Contact": "Is Contact", "Key Contact": "Is Key Contact", "tag##vip": "VIP", "tag##beta": "Beta", "tag##speaker": "Speaker"}
src = arrow_csv.read(source)


def text(name):
    return src[name].str.strip().str.replace('"', "'", regex=False)


df = pd.DataFrame({"user_id": src["Email"].str.strip().str.lower(), "account_id": src["Account Id"].str.strip()})
df["First Name"], df["Last Name"], df["Email"] = text("First Name"), text("Last Name"), df["user_id"]
for name in ("Contact", "Key Contact"):
    df[name] = src[flags[name]].str.strip().str.lower().map(FLAG)
df["job_title"] = text("Title").str.slice(0, 40)
df["nps"] = pd.to_numeric(src["NPS"], errors="coerce").astype("Int64")
raw = src["Signed Up"]
# A layout at a time, each only on what is left: pandas parses fast where all values have one layout.
signed_up = pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us]")
for layout in ("%m/%d/%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"):
    left = raw[raw.notna() & signed_up.isna()]
    read = pd.to_datetime(left, format=layout, errors="coerce", utc=True).dropna().dt.tz_localize(None).astype("datetime64[us]")
    signed_up.loc[read.index] = read
df["signed_up"] = signed_up
df["last_login"] = pd.to_datetime(pd.to_numeric(src["Last Login"], errors="coerce"), unit="ms")
for name in ("tag##vip", "tag##beta", "tag##speaker"):
    df[name] = src[flags[name]].str.strip().str.lower().map(FLAG)

reason = pd.Series(pd.NA, index=df.index, dtype="str")
for name, alphabet in (("user_id", "[A-Za-z0-9_@.-]+"), ("account_id", "[A-Za-z0-9_-]+")):
    reason[reason.isna() & (df[name].isna() | (df[name] == ""))] = "V401 " + name
    reason[reason.isna() & ~df[name].str.fullmatch(alphabet, na=False)] = "V402 " + name
keyed = reason.isna()
reason[keyed & df[keyed].duplicated(["account_id", "user_id"], keep="last").reindex(df.index, fill_value=False)] = "duplicate"
reason[reason.isna() & (df["Last Name"].isna() | (df["Last Name"] == ""))] = "V401 Last Name"
for name, origin, code in (("Contact", "Is Contact", "V413"), ("Key Contact", "Is Key Contact", "V413"), ("nps", "NPS", "V409"),
                           ("signed_up", "Signed Up", "V405"), ("last_login", "Last Login", "V404"), ("tag##vip", "VIP", "V413"),
                           ("tag##beta", "Beta", "V413"), ("tag##speaker", "Speaker", "V413")):
    fault = reason.isna() & src[origin].notna() & df[name].isna()
    if name == "signed_up":
        reason[fault & ~src[origin].str.fullmatch(r"\d\d/\d\d/\d{4}", na=False)] = "V404 signed_up"
        fault &= reason.isna()
    reason[fault] = f"{code} {name}"
del src

good = df[reason.isna()].copy()
for name in ("tag##vip", "tag##beta", "tag##speaker"):
    good[name] = good[name].where(good[name] == "yes")
arrow_csv.write(good, out + "/users.csv")
lost = reason[reason.notna()]
pd.DataFrame({"rn": lost.index + 1, "account_id": df["account_id"][lost.index], "user_id": df["user_id"][lost.index],
              "reason": lost}).to_csv(out + "/rejects.csv", index=False)
