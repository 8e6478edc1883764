"""The accounts job: a messy CRM export (CSV) to accounts, with winners, parents and loops."""

source = "accounts-{rows}.csv"
default_rows = 3_000_000
mapping = "accounts.yaml"
written = "accounts.csv"
programs = ["tanguero", "duckdb", "polars", "pandas", "floor_polars", "floor_duckdb"]
key = ["account_id"]
columns = {
    "account_id": "text", "account_name": "text", "parent_id": "text", "Owner Email": "text", "ARR": "number",
    "Renewal Date": "date", "Create Date": "date", "Status": "text", "Industry": "text", "Seats": "number",
    "NPS": "number", "Region": "text", "Description": "text", "Is Active": "text",
}
# The peers do not tell a loop from what hangs below a reject.
same_reason = {"K605 parent_id": "K604 parent_id", "K606 parent_id": "K604 parent_id"}
