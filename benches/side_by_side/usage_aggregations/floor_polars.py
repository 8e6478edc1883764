"""The floor of the usage_aggregations job: sums per account, area and event, no rules, no pivot, no people.  usage: floor_polars.py IN.parquet OUTFOLDER"""
import os, sys
import polars as pl

os.makedirs(sys.argv[2], exist_ok=True)
(pl.scan_parquet(sys.argv[1]).group_by("account_id", "area", "event")
 .agg(pl.col("times").sum(), pl.len(), pl.col("seconds").sum()).sink_csv(sys.argv[2] + "/floor.csv"))
