"""Times the accounts job side by side: tanguero, DuckDB, Polars, in turn, medians of N rounds.

usage: run.py TANGUERO [ROWS] [ROUNDS]     e.g. run.py target/release/tanguero 3000000 5

Needs `pip install duckdb polars`. Wall and processor seconds and the peak resident set are the operating system's own, of the
whole process. Every round runs each program once, so that a machine whose speed drifts treats all alike; read the ratios.
At the end the row counts are compared: all must have written and rejected the same.
"""
import csv, os, shutil, statistics, subprocess, sys, tempfile, time

here = os.path.dirname(os.path.abspath(__file__))
tanguero = os.path.abspath(sys.argv[1])
rows = int(sys.argv[2]) if len(sys.argv) > 2 else 3_000_000
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
work = os.environ.get("BENCH_FOLDER") or tempfile.mkdtemp(prefix="side-by-side-")
source = os.path.join(work, f"accounts-{rows}.csv")
os.makedirs(work, exist_ok=True)
if not os.path.exists(source):
    subprocess.run([sys.executable, os.path.join(here, "gen_accounts.py"), str(rows), source], check=True)
shutil.copy(os.path.join(here, "accounts.yaml"), work)


def job(name):
    out = os.path.join(work, "out-" + name)
    return out, {
        "tanguero": [tanguero, "run", os.path.join(work, "accounts.yaml"), "--var", "INPUT=" + source, "--out", out,
                     "--state", "off", "--force", "--quiet"],
        "DuckDB": [sys.executable, os.path.join(here, "peer_duckdb.py"), source, out],
        "Polars": [sys.executable, os.path.join(here, "peer_polars.py"), source, out],
    }[name]


def run(name):
    out, command = job(name)
    start = time.time()
    with open(os.path.join(work, name + ".log"), "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{name} failed, see {log.name}")
    return time.time() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def records(path):
    with open(path, newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.reader(file)) - 1


names = ["tanguero", "DuckDB", "Polars"]
figures = {name: [] for name in names}
for _ in range(rounds):
    for name in names:
        figures[name].append(run(name))
median = {name: [statistics.median(column) for column in zip(*figures[name])] for name in names}
own = median["tanguero"]
print(f"{rows:,} rows, {os.path.getsize(source) / 1e6:.0f} MB, {os.cpu_count()} processors, medians of {rounds}\n")
print("| program | wall s | processor s | peak MB | wall, times | processor, times | rows written |")
print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
for name in names:
    wall, processor, peak = median[name]
    written = records(os.path.join(job(name)[0], "accounts.csv"))
    print(f"| {name} | {wall:.2f} | {processor:.2f} | {peak:.0f} | {wall / own[0]:.1f} | {processor / own[1]:.1f} | {written:,} |")
