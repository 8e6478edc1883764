"""Times tanguero beside DuckDB, Polars, pandas and a bare floor, on one job, in turn, medians of N rounds.

usage: run.py TANGUERO [--job accounts] [--rows N] [--rounds 5] [--only tanguero,polars] [--results FILE]

Data is generated once per size into BENCH_FOLDER (default: a new temporary folder) and kept there. Every round runs each
program once, so that a machine whose speed drifts treats all alike; read the ratios. Wall and processor seconds and the
peak resident set are the operating system's own, of the whole process and the children it waited for.

At the end check.py reads what was written and rejected. All must have written the same rows and values and rejected the same
number for the same reasons; if not, that is said and the exit code is 1. Each run appends a line to the results file
(default: BENCH_FOLDER/results.jsonl), from which plot.py draws.
"""
# Nothing large is imported here on purpose: a child's peak includes what its parent held when it was forked.
import argparse, importlib.metadata, importlib.util, json, os, platform, shutil, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = {"tanguero": "tanguero", "duckdb": "DuckDB", "polars": "Polars", "pandas": "pandas",
         "floor_duckdb": "floor, DuckDB", "floor_polars": "floor, Polars"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tanguero", help="the program, e.g. target/release/tanguero")
    parser.add_argument("--job", default="accounts", choices=sorted(
        name for name in os.listdir(HERE) if os.path.exists(os.path.join(HERE, name, "job.py"))))
    parser.add_argument("--rows", type=int, help="default: the job's own size")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="some of the programs, with commas: " + ",".join(NAMES))
    parser.add_argument("--results", help="JSON lines to append to")
    parser.add_argument("--memory", help="tanguero's --memory")
    return parser.parse_args()


def load(name):
    spec = importlib.util.spec_from_file_location("job", os.path.join(HERE, name, "job.py"))
    job = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(job)
    return job


def command(program, job, folder, source, out, given):
    if program == "tanguero":
        memory = ["--memory", given.memory] if given.memory else []
        if hasattr(job, "tanguero"):
            return [os.path.abspath(given.tanguero), *job.tanguero(source), *memory]
        return [os.path.abspath(given.tanguero), "run", job.mapping, "--var", "INPUT=" + source, "--out", out,
                "--state", "off", "--force", *memory]
    name = ("" if program.startswith("floor_") else "peer_") + program + ".py"
    own = os.path.join(folder, name)
    return [sys.executable, own if os.path.exists(own) else os.path.join(HERE, name), source, out]


def timed(line, out, codes):
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    os.sync()
    start = time.time()
    with open(os.path.join(out, "stdout"), "w") as stdout, open(os.path.join(out, "stderr"), "w") as stderr:
        process = subprocess.Popen(line, stdout=stdout, stderr=stderr, cwd=out)
        _, status, usage = os.wait4(process.pid, 0)
    wall, status = time.time() - start, os.waitstatus_to_exitcode(status)
    process.returncode = status
    unit = 1 if sys.platform == "darwin" else 1024
    figures = {"wall": wall, "processor": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss * unit / 1e6}
    return figures if status in codes else None, status


def memory_gb():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)


def versions(tanguero):
    found = {"tanguero": subprocess.run([tanguero, "--version"], capture_output=True, text=True).stdout.strip(),
             "python": platform.python_version()}
    for name in ("duckdb", "polars", "pandas", "pyarrow", "numpy"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def main():
    given = arguments()
    job, folder = load(given.job), os.path.join(HERE, given.job)
    rows = given.rows or job.default_rows
    work = os.path.abspath(os.environ.get("BENCH_FOLDER") or tempfile.mkdtemp(prefix="side-by-side-"))
    os.makedirs(work, exist_ok=True)
    programs = given.only.split(",") if given.only else job.programs
    for name in programs:
        if name not in job.programs:
            sys.exit(f"the job {given.job} has no program `{name}`, only {', '.join(job.programs)}")

    source = os.path.join(work, job.source.format(rows=rows))
    if not os.path.exists(source):
        print(f"generating {source}", file=sys.stderr)
        generator = os.path.join(HERE, getattr(job, "generator", given.job + "/generate.py"))
        subprocess.run([sys.executable, generator, str(rows), source + ".part"], check=True)
        os.replace(source + ".part", source)
    with open(source, "rb") as file:  # into the page cache, the same for all
        while file.read(1 << 24):
            pass

    place = os.path.join(work, "out-" + given.job)
    outs = {name: os.path.join(place, name) for name in programs}
    os.makedirs(place, exist_ok=True)
    if getattr(job, "mapping", None):
        # The mapping's own folder is the project: nothing of another project around BENCH_FOLDER comes in.
        job.mapping = shutil.copy(os.path.join(folder, job.mapping), place)
    open(os.path.join(place, "tanguero.yaml"), "w").close()

    figures, failed = {name: [] for name in programs}, {}
    for round_ in range(given.rounds):
        for name in programs:
            if name in failed:
                continue
            codes = getattr(job, "codes", [0]) if name == "tanguero" else [0]
            took, status = timed(command(name, job, folder, source, outs[name], given), outs[name], codes)
            if took is None:
                failed[name] = f"failed, exit {status}, see {os.path.join(outs[name], 'stderr')}"
                print(f"{name} {failed[name]}", file=sys.stderr)
                continue
            figures[name].append(took)
            print(f"round {round_ + 1} {name}: {took['wall']:.2f} s", file=sys.stderr)

    done = [name for name in programs if name not in failed]
    answer = subprocess.run([sys.executable, os.path.join(HERE, "check.py"), given.job, source, *[outs[name] for name in done]],
                            capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(answer.stderr)
    seen = json.loads(answer.stdout)  # {"programs": {name: facts}, "differences": [text]}

    median = {name: {key: statistics.median(one[key] for one in figures[name]) for key in figures[name][0]} for name in done}
    own = median.get("tanguero") or (median[done[0]] if done else None)
    found = versions(os.path.abspath(given.tanguero))
    print(f"Job {given.job}: {rows:,} rows, {os.path.getsize(source) / 1e6:,.0f} MB, {os.cpu_count()} processors, "
          f"{memory_gb():.0f} GB, medians of {given.rounds}\n")
    counted = getattr(job, "unit", "rows written")
    print(f"| program | wall s | processor s | peak MB | wall, times | processor, times | memory, times | {counted} |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in programs:
        if name in failed:
            print(f"| {NAMES[name]} | {failed[name].split(', see')[0]} | | | | | | |")
            continue
        one = median[name]
        ratios = " | ".join(f"{one[key] / own[key]:.1f}" for key in ("wall", "processor", "peak_mb"))
        print(f"| {NAMES[name]} | {one['wall']:.2f} | {one['processor']:.2f} | {one['peak_mb']:.0f} | {ratios} | "
              f"{seen['programs'][name]['count']:,} |")
    print("\n" + ", ".join(f"{name} {version.removeprefix('tanguero ')}" for name, version in found.items()) + "\n")
    differences = seen["differences"]
    who = "All" if not failed else "All that ended"
    print(who + " did the same work: " + seen["said"] + "." if not differences else
          "NOT the same work:\n" + "\n".join("- " + line for line in differences))

    with open(given.results or os.path.join(work, "results.jsonl"), "a", encoding="utf-8") as results:
        results.write(json.dumps({
            "job": given.job, "rows": rows, "bytes": os.path.getsize(source), "rounds": given.rounds,
            "machine": {"processors": os.cpu_count(), "memory_gb": memory_gb(), "system": platform.system(),
                        "kind": platform.machine()},
            "versions": found, "same": not differences, "failed": sorted(failed),
            "programs": {name: {**{key: round(value, 3) for key, value in median[name].items()},
                                "walls": [round(one["wall"], 3) for one in figures[name]],
                                "count": seen["programs"][name]["count"]} for name in done}}) + "\n")
    sys.exit(1 if differences or failed else 0)


main()
