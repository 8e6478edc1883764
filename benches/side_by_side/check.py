"""Compares what the programs of one job wrote and rejected.  usage: check.py JOB SOURCE OUTFOLDER...

Prints {"programs": {name: {"count", "keys", "values", "reasons"}}, "said": text, "differences": [text]}. The sums are of a
hash per row, so the order of rows does not matter: "keys" over the key, "values" over every column, each brought to
one form first (a day is its midnight, 1234.50 is 1234.5). A program of its own, so that what it holds in memory is not
counted against the programs that run.py starts.
"""
import importlib.util, json, os, sys
import duckdb

HERE = os.path.dirname(os.path.abspath(__file__))
CSV = """all_varchar=true, header=true, delim=',', quote='"', escape='"', nullstr='', max_line_size=20000000"""
con = duckdb.connect()
con.execute("set timezone='UTC'")
con.execute("set preserve_insertion_order=false")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def one_form(name, kind):
    return {
        "text": f"coalesce({quoted(name)}, '')",
        "number": f"coalesce(cast({quoted(name)} as decimal(30, 6))::varchar, '')",
        "date": f"coalesce(cast({quoted(name)} as timestamptz)::varchar, '')",
    }[kind]


def columns_of(path, job):
    if isinstance(job.columns, dict):
        return job.columns
    header = [row[0] for row in con.execute(f"describe from read_csv('{path}', {CSV})").fetchall()]
    return {name: job.columns(name) for name in header}


def written(path, job):
    columns = columns_of(path, job)
    keys = ", ".join(one_form(name, columns[name]) for name in job.key)
    # Sorted by name: the order of columns is no part of the work.
    values = ", ".join(one_form(name, columns[name]) for name in sorted(columns))
    count, keys, values = con.execute(
        f"select count(*), sum(hash({keys})::hugeint), sum(hash({values})::hugeint) from read_csv('{path}', {CSV})").fetchone()
    return {"count": count, "keys": str(keys), "values": str(values), "columns": sorted(columns)}


def rejected(out, stem, own):
    """Counts by reason, `CODE column`. Of a record with several faults the first counts: peers look no further."""
    reasons = {}
    if own:
        path = os.path.join(out, stem + ".rejects.csv")
        if os.path.exists(path):
            reasons = dict(con.execute(f"""
                select reason, count(*) from (
                  select code || ' ' || "column" as reason from (select row_number() over () as n, * from read_csv('{path}', {CSV}))
                  where severity = 'error' qualify row_number() over (partition by file, line order by n) = 1)
                group by reason""").fetchall())
        path = os.path.join(out, stem + ".duplicates.csv")
        if os.path.exists(path):
            reasons["duplicate"] = con.execute(f"select count(*) from read_csv('{path}', {CSV})").fetchone()[0]
    else:
        path = os.path.join(out, "rejects.csv")
        if os.path.exists(path):
            reasons = dict(con.execute(f"select reason, count(*) from read_csv('{path}', {CSV}) group by reason").fetchall())
    return reasons


def merged(reasons, same):
    total = {}
    for reason, count in reasons.items():
        reason = same.get(reason, reason)
        total[reason] = total.get(reason, 0) + count
    return {reason: total[reason] for reason in sorted(total) if total[reason]}


def short(number):
    return f"{int(number or 0) % 2**64:016x}"


def main():
    spec = importlib.util.spec_from_file_location("job", os.path.join(HERE, sys.argv[1], "job.py"))
    job = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(job)
    programs, differences, first, floor = {}, [], None, None
    for out in sys.argv[3:]:
        name = os.path.basename(out)
        if name.startswith("floor_"):
            programs[name] = {"count": con.execute(f"select count(*) from read_csv('{out}/floor.csv', {CSV})").fetchone()[0]}
            floor = floor or name
            if programs[name] != programs[floor]:
                differences.append(f"rows: {name} {programs[name]['count']:,}, {floor} {programs[floor]['count']:,}")
            continue
        if hasattr(job, "judge"):
            facts = job.judge(out, name == "tanguero", con)
            facts["reasons"] = merged(facts["reasons"], getattr(job, "same_reason", {}))
        else:
            facts = written(os.path.join(out, job.written), job)
            facts["reasons"] = merged(rejected(out, job.written.removesuffix(".csv"), name == "tanguero"),
                                      getattr(job, "same_reason", {}))
        programs[name] = facts
        if first is None:
            first = name
            continue
        for what in facts:
            here, there = facts[what], programs[first][what]
            if here == there:
                continue
            if what == "reasons":
                for reason in sorted(set(here) | set(there)):
                    if here.get(reason, 0) != there.get(reason, 0):
                        differences.append(f"{reason}: {name} {here.get(reason, 0):,}, {first} {there.get(reason, 0):,}")
            elif what in ("keys", "values"):
                differences.append(f"sum over {what}: {name} {short(here)}, {first} {short(there)}")
            else:
                differences.append(f"{what}: {name} {here}, {first} {there}")
    said = "nothing to compare"
    if first is not None:
        facts = programs[first]
        said = ", ".join([f"{facts['count']:,} {getattr(job, 'unit', 'rows written')}"]
                         + [f"sum over {what} {short(facts[what])}" for what in ("keys", "values") if what in facts]
                         + [f"{count:,} {reason}" for reason, count in facts["reasons"].items()])
    print(json.dumps({"programs": programs, "said": said, "differences": differences}))


main()
