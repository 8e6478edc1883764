"""The floor of the usage job: read the five columns, add up per key, write, no rules.  usage: floor_duckdb.py IN.parquet OUTFOLDER"""
import os, sys
import duckdb

os.makedirs(sys.argv[2], exist_ok=True)
con = duckdb.connect()
con.execute("set preserve_insertion_order=false")
con.execute(f"""copy (select user_id, account_id, area, event, sum(times) from read_parquet('{sys.argv[1]}') group by all)
                to '{sys.argv[2]}/floor.csv' (header)""")
