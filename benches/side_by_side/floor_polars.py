"""The floor: read every cell of a CSV file and write it again, no rules, with Polars' streaming engine.  usage: floor_polars.py IN.csv OUTFOLDER"""
import os, sys
import polars as pl

os.makedirs(sys.argv[2], exist_ok=True)
pl.scan_csv(sys.argv[1], infer_schema=False).sink_csv(sys.argv[2] + "/floor.csv")
