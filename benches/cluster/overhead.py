"""What a cluster costs beside one machine, on one machine: the accounts job of ../side_by_side, medians of N rounds.

usage: overhead.py PROGRAM [--rows 3000000] [--rounds 3] [--results FILE]

PROGRAM has the feature `cluster`. In turn: one machine with two threads and with one; a scheduler with two executors of one slot; a
scheduler with one executor of two slots. Each round starts its own processes, on loopback, and reads the same file of this machine's
disk. All must publish the same bytes. Wall and processor seconds and the peak resident set are the operating system's own; the
stages are those of run.json. Two processors are enough to read the ratios, where nothing else runs: the load is told.
"""
import argparse, json, os, shutil, statistics, subprocess, sys, tempfile, time

from machines import ACCOUNTS, Cluster, accounts, load, published, surroundings

WAYS = {"one machine, two threads": (["--threads", "2"], 0, 0), "one machine, one thread": (["--threads", "1"], 0, 0),
        "two executors of one slot": ([], 2, 1), "one executor of two slots": ([], 1, 2)}


def timed(program, project, more, source, out):
    shutil.rmtree(out, ignore_errors=True)
    os.sync()
    began = time.monotonic()
    command = [program, "--quiet", "run", "accounts.yaml", "--var", "INPUT=" + source, "--out", out, "--state", "off", "--force", *more]
    process = subprocess.Popen(command, cwd=project, env=surroundings(), stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    if status != 0:
        sys.exit(f"exit {os.waitstatus_to_exitcode(status)}: {said.decode(errors='replace')}")
    with open(os.path.join(out, "run.json"), encoding="utf-8") as file:
        report = json.load(file)["mappings"][0]
    figures = {"wall": wall, "run processor": usage.ru_utime + usage.ru_stime, "run peak": usage.ru_maxrss * 1024 / 1e6}
    figures |= {"stage " + name: seconds for name, seconds in report["seconds"].items()}
    if away := report.get("cluster"):
        figures |= {"tasks": away["tasks"], "fetched MB": away["bytes"] / 1e6}
        figures |= {"cluster " + name: seconds for name, seconds in {**away["seconds"], **away["work"]}.items()}
    return figures


def round_(program, project, way, source, out):
    more, executors, slots = WAYS[way]
    if not executors:
        return timed(program, project, more, source, out)
    with Cluster(program, project, executors, slots) as cluster:
        before = cluster.took()
        figures = timed(program, project, [*more, "--cluster", cluster.url], source, out)
        after = cluster.took()
        figures["scheduler processor"] = after["scheduler"][0] - before["scheduler"][0]
        named = [name for name in after if name != "scheduler"]
        figures["executors processor"] = sum(after[name][0] - before[name][0] for name in named)
        figures["scheduler peak"], figures["executor peak"] = after["scheduler"][1], max(after[name][1] for name in named)
    return figures


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", help="with the feature `cluster`, e.g. target/release/tanguero")
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--results", help="JSON lines to append to: every figure of every round")
    return parser.parse_args()


def main():
    given = arguments()
    program, source = os.path.abspath(given.program), accounts(given.rows)
    project = tempfile.mkdtemp(prefix="tanguero-overhead-")
    shutil.copy(os.path.join(ACCOUNTS, "accounts.yaml"), project)
    open(os.path.join(project, "tanguero.yaml"), "w").close()
    figures, loads, expected = {way: [] for way in WAYS}, [], None
    try:
        for number in range(given.rounds):
            for way in WAYS:
                loads.append(float(load()))
                out = os.path.join(project, "out")
                took = round_(program, project, way, source, out)
                found = published(out)
                expected = expected or found
                if found != expected:
                    sys.exit(f"{way}: other bytes than on one machine")
                figures[way].append(took)
                print(f"round {number + 1} {way}: {took['wall']:.2f} s", file=sys.stderr)
                if given.results:
                    with open(given.results, "a", encoding="utf-8") as file:
                        file.write(json.dumps({"way": way, "rows": given.rows, "load": loads[-1], **took}) + "\n")
    finally:
        shutil.rmtree(project, ignore_errors=True)
    median = {way: {key: statistics.median(one[key] for one in rounds) for key in rounds[0]} for way, rounds in figures.items()}
    print(f"{given.rows:,} rows, {os.path.getsize(source) / 1e6:,.0f} MB, medians of {given.rounds}, {os.cpu_count()} processors, "
          f"load {min(loads):.1f} to {max(loads):.1f}; the same bytes each time\n")
    print("| | wall s | processor s | of the run | of the executors | peak MB: run | an executor | the scheduler |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    cell = lambda one, key, digits=2: f"{one[key]:.{digits}f}" if key in one else ""
    for way, one in median.items():
        whole = sum(one.get(key, 0) for key in ("run processor", "scheduler processor", "executors processor"))
        print(f"| {way} | {one['wall']:.2f} | {whole:.2f} | {one['run processor']:.2f} | {cell(one, 'executors processor')} | "
              f"{one['run peak']:.0f} | {cell(one, 'executor peak', 0)} | {cell(one, 'scheduler peak', 0)} |")
    ways = list(WAYS)
    print("\n| seconds | " + " | ".join(ways) + " |\n| --- |" + " ---: |" * len(ways))
    names = [("judging, with all before settling", "stage judge"), ("- where the file can be cut", "cluster cut"),
             ("- counting what is not cut", "cluster count"), ("- judging and taking in", "cluster judge"), ("settling", "stage settle"),
             ("writing", "stage write"), ("executors' work, all slots", "cluster executors"), ("the run's work: unpacking", "cluster fetching"),
             ("the run's work: checking", "cluster checking"), ("the run's work: taking in, one at a time", "cluster taking in"), ("tasks", "tasks"), ("results, MB", "fetched MB")]
    for name, key in names:
        digits = 0 if key in ("tasks", "fetched MB") else 2
        print(f"| {name} | " + " | ".join(cell(median[way], key, digits) for way in ways) + " |")


if __name__ == "__main__":
    main()
