#!/bin/sh
# A week of nightly runs, one input a night, in a folder of its own:  sh examples/week/week.sh [FOLDER]
# Planted: on Wednesday 3 % of the e-mails are blank, on Thursday a parent has moved, on Friday there is a column more, on
# Saturday nothing has changed. TANGUERO names the program, if it is not on the path.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$(mktemp -d)}
tanguero=${TANGUERO:-tanguero}
mkdir -p "$work/mappings"
cp "$here/tanguero.yaml" "$work/"
cp "$here/mappings/accounts.yaml" "$work/mappings/"
cd "$work" || exit 1
for night in 2026-11-16 2026-11-17 2026-11-18 2026-11-19 2026-11-20 2026-11-21 2026-11-22; do
  cp "$here/days/$night.csv" crm.csv
  if [ "$night" = 2026-11-20 ]; then
    # The new column is mapped.
    cp "$here/later/accounts.yaml" mappings/
  fi
  echo "== $night"
  # What the night would do to Totango, limits aside.
  "$tanguero" -q plan accounts --as-of "$night" --accept emptier
  "$tanguero" -q run --as-of "$night"
  echo "exit $?"
done
"$tanguero" history accounts
echo
"$tanguero" why accounts A-017 --run all
