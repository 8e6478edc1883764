"""The lint job: judge an accounts file that something else made; every finding with its column and value."""
import os

source = "lint-{rows}.csv"
default_rows = 16_000_000   # 3 GB
programs = ["tanguero", "duckdb", "polars", "pandas", "floor_polars", "floor_duckdb"]
unit = "findings"
codes = [4]                 # something was found
# The peers do not tell a loop from what hangs below a record with a fault.
same_reason = {"K605 parent_id": "K604 parent_id", "K606 parent_id": "K604 parent_id"}


def tanguero(source):
    return ["lint", source, "--format", "accounts", "--all", "--message-format", "json"]


def judge(out, own, con):
    """Findings by code and column, and an order-free sum over these with the value found. The value of a repeated record is its key."""
    if own:
        path = os.path.join(out, "stdout")
        table = f"""(select code || ' ' || "column" as reason, "value"
            from read_json('{path}', format='newline_delimited', columns={{code: 'varchar', severity: 'varchar', "column": 'varchar', "value": 'varchar'}})
            where severity = 'error')"""
    else:
        table = f"""(select reason, "value" from read_csv('{out}/findings.csv', all_varchar=true, header=true, delim=',', quote='"', escape='"'))"""
    reasons = dict(con.execute(f"select reason, count(*) from {table} group by reason").fetchall())
    values = con.execute(f"""select sum(hash(case when reason like 'K60%' then '' else reason end, coalesce("value", ''))::hugeint)
        from {table} where reason not like 'K601%'""").fetchone()[0]
    return {"count": sum(reasons.values()), "values": str(values), "reasons": reasons}
