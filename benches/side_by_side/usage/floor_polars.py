"""The floor of the usage job: read the five columns, add up per key, write, no rules.  usage: floor_polars.py IN.parquet OUTFOLDER"""
import os, sys
import polars as pl

os.makedirs(sys.argv[2], exist_ok=True)
(pl.scan_parquet(sys.argv[1]).group_by("user_id", "account_id", "area", "event").agg(pl.col("times").sum())
 .sink_csv(sys.argv[2] + "/floor.csv"))
