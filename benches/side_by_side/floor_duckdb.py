"""The floor: read every cell of a CSV file and write it again, no rules, with DuckDB.  usage: floor_duckdb.py IN.csv OUTFOLDER"""
import os, sys
import duckdb

os.makedirs(sys.argv[2], exist_ok=True)
con = duckdb.connect()
con.execute(f"""copy (from read_csv('{sys.argv[1]}', all_varchar=true, header=true, delim=',', quote='"', escape='"', nullstr=''))
                to '{sys.argv[2]}/floor.csv' (header)""")
