"""The users job: a messy contact export (CSV) to users: composite key, addresses, flags, tags, dates, last row wins."""

source = "users-{rows}.csv"
default_rows = 10_000_000
mapping = "users.yaml"
written = "users.csv"
programs = ["tanguero", "duckdb", "polars", "pandas", "floor_polars", "floor_duckdb"]
key = ["account_id", "user_id"]
columns = {
    "user_id": "text", "account_id": "text", "First Name": "text", "Last Name": "text", "Email": "text", "Contact": "text",
    "Key Contact": "text", "job_title": "text", "nps": "number", "signed_up": "date", "last_login": "date",
    "tag##vip": "text", "tag##beta": "text", "tag##speaker": "text",
}
