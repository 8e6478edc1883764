"""The usage_aggregations job: the events of the usage job (Parquet) to one wide row per account, a column per module and action."""

source = "events-{rows}.parquet"
generator = "usage/generate.py"
default_rows = 50_000_000
mapping = "usage_aggregations.yaml"
written = "usage_aggregations.csv"
programs = ["tanguero", "duckdb", "polars", "pandas", "floor_polars", "floor_duckdb"]
key = ["account_id"]


def columns(name):
    return "text" if name == "account_id" else "number"
