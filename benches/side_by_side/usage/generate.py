"""Make an event dump as Parquet, in row groups of 1,000,000.  usage: generate.py ROWS OUT.parquet

About 150 events per user, eight areas and events per user of 60, a user belongs to one account of ten users. 1 % of the events
have no user (jobs), 0.05 % an illegal one, 0.02 % a blank and 0.02 % an illegal account, 0.02 % no area, 0.02 % a count of
nought, 20 % no count. Addresses in mixed case. Columns that no job reads stand beside them. Same ROWS, same values. Streams.
"""
import sys
import numpy as np, pyarrow as pa, pyarrow.parquet as pq

rows, out = int(sys.argv[1]), sys.argv[2]
GROUP = 1_000_000
users = max(1000, rows // 150)
accounts = users // 10


def mixed(numbers, salt):
    """splitmix64: the same on every machine and in every version of numpy."""
    z = numbers + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def pick(pool, index):
    return pool.take(pa.array(index.astype(np.int64)))


account_pool = pa.array([f"ACC-{n:08d}" for n in range(accounts)] + [None, "ACC 17", "ACC/4"], pa.string())
user_pool = pa.array([f"{'User' if n % 4 == 0 else 'user'}{n}@customer{n % accounts % 5000}.example.com" for n in range(users)]
                     + [f"user{n}@customer{n % accounts % 5000}.example.com" for n in range(users)]
                     + [None, "night job", "user,7"], pa.string())
areas = ["Billing", "Reports", "Admin", "Search", "Export", "Inbox", "Calendar", "Graphs", "Roles", "Audit, log", "Import", "Help"]
events = ["open", "edit", "share", "Save \u00e9", "delete"]
area_pool, event_pool = pa.array(areas + [None], pa.string()), pa.array(events, pa.string())
schema = pa.schema([("event_id", pa.string()), ("event_time", pa.timestamp("us", "UTC")), ("dt", pa.string()), ("account_id", pa.string()),
                    ("user_id", pa.string()), ("area", pa.string()), ("event", pa.string()), ("times", pa.int64()),
                    ("seconds", pa.int64()), ("client", pa.string())])
client_pool = pa.array([f"client {n}.{m}" for n in range(8) for m in range(12)], pa.string())

with pq.ParquetWriter(out, schema, compression="zstd", use_dictionary=["account_id", "user_id", "area", "event", "dt", "client"]) as writer:
    for start in range(0, rows, GROUP):
        n = np.arange(start, min(start + GROUP, rows), dtype=np.uint64)
        # The smaller of two draws: some users are busier than others.
        user = np.minimum(mixed(n, 1) % np.uint64(users), mixed(n, 2) % np.uint64(users))
        account = user % np.uint64(accounts)
        pair = mixed(user * np.uint64(8) + np.minimum(mixed(n, 3) % np.uint64(8), mixed(n, 4) % np.uint64(8)), 5) % np.uint64(60)
        wrong = mixed(n, 6) % np.uint64(10_000)
        account = np.where(wrong < 2, np.uint64(accounts), np.where(wrong < 4, np.uint64(accounts + 1) + wrong % np.uint64(2), account))
        who = user + np.where(mixed(n, 7) % np.uint64(3) == 0, np.uint64(users), np.uint64(0))
        who = np.where(wrong // np.uint64(100) == 7, np.uint64(2 * users),
                       np.where((wrong >= 10) & (wrong < 15), np.uint64(2 * users + 1) + wrong % np.uint64(2), who))
        area = np.where((wrong >= 20) & (wrong < 22), np.uint64(12), pair // np.uint64(5))
        times = (mixed(n, 8) % np.uint64(4) + np.uint64(1)).astype(np.int64)
        times = np.where((wrong >= 30) & (wrong < 32), 0, times)
        moment = 1_795_132_800_000_000 + (n * np.uint64(86_400_000_000 // max(rows, 1) or 1)).astype(np.int64)
        writer.write_table(pa.table([
            pa.array([f"{value:016x}" for value in mixed(n, 9).tolist()], pa.string()),
            pa.array(moment, pa.timestamp("us", "UTC")),
            pick(pa.array(["2026-11-20"], pa.string()), n * np.uint64(0)),
            pick(account_pool, account), pick(user_pool, who), pick(area_pool, area), pick(event_pool, pair % np.uint64(5)),
            pa.array(times, pa.int64(), mask=mixed(n, 10) % np.uint64(5) == 0),
            pa.array((mixed(n, 11) % np.uint64(600)).astype(np.int64)),
            pick(client_pool, mixed(n, 12) % np.uint64(96)),
        ], schema=schema), row_group_size=GROUP)
