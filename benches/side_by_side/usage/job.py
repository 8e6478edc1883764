"""The usage job: an event dump (Parquet) to the activity stream, one row per account, user, module and action, counts added."""

source = "events-{rows}.parquet"
default_rows = 50_000_000
mapping = "usage.yaml"
written = "usage.csv"
programs = ["tanguero", "duckdb", "polars", "pandas", "floor_polars", "floor_duckdb"]
key = ["account_id", "user_id", "Module", "Action"]
columns = {"user_id": "text", "account_id": "text", "Module": "text", "Action": "text", "Count": "number"}
