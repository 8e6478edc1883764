"""The floor of the usage_aggregations job: sums per account, area and event, no rules, no pivot, no people.  usage: floor_duckdb.py IN.parquet OUTFOLDER"""
import os, sys
import duckdb

os.makedirs(sys.argv[2], exist_ok=True)
con = duckdb.connect()
con.execute("set preserve_insertion_order=false")
con.execute(f"""copy (select account_id, area, event, sum(times), count(*), sum(seconds) from read_parquet('{sys.argv[1]}') group by all)
                to '{sys.argv[2]}/floor.csv' (header)""")
