"""Compares a cluster with one machine, byte for byte, then kills an executor at twenty moments over all stages.

usage: kills.py PROGRAM [--rows 3000000] [--objects 6] [--kills 20] [--seed 7] [--only STAGE] [--small]

PROGRAM has the feature `cluster`. Sources lie in a store that the executors read. First the examples of this repository and the
accounts job of ../side_by_side are run on one machine and on a scheduler with two executors of one slot: every published file
must be the same. Then, for each kill, a new cluster is started and a mapping run on it; at a moment of the stage an executor is
killed with -9, what lay on its disk is removed, and two seconds later it is started again. The moment is the stage's beginning, as the
scheduler's log tells it, and a random share of the time that the stage took undisturbed; which executor, is random too. The same seed
gives the same shares and executors.

Each run ends right (the bytes of one machine), with a clean failure (exit code 7, nothing published), late (beyond the limit
that docs/cluster.md states) or wrong. The exit code is 0 if none was late or wrong.
"""
import argparse, datetime, os, random, re, shutil, subprocess, sys, tempfile, time

from machines import ACCOUNTS, ROOT, TIMEOUT, Cluster, Store, accounts, load, published, surroundings

AS_OF = ["--as-of", "2026-11-20", "--state", "off", "--local"]
# A join and a roll-up: stages behind those that read. It has two of those, so that the third and all above are later ones.
QUERY = """format: accounts
sources: {crm: {path: "${INPUT}"}}
from:
  sql: |
    select a."Id", max(a."Account Name") as "Account Name", count(b."Id") as "Children"
    from crm a left join crm b on b."Parent Id" = a."Id" group by a."Id" order by 1
columns: {account_id: Id, account_name: Account Name, Children: {column: Children, type: integer, custom: true}}
"""
LATER = 3
# Stage, mapping, share of the kills.
STAGES = [("counting", "accounts", 3), ("judging", "accounts", 5), ("fetching", "accounts", 4), ("second look", "accounts", 2),
          ("query, reading", "query", 2), ("query, later stages", "query", 3), ("query, fetching", "query", 1)]
ATTEMPTS, PAUSES = 5, 30
# The join holds one side in memory, of the run and of each executor.
MEMORY = "4GB"


def split(source, count, folder):
    """Copies a CSV file into `count` of about the same size, each with its header, cut between records."""
    least, names, out = os.path.getsize(source) / count, [], None
    with open(source, "rb") as file:
        header, quotes = file.readline(), 0
        for line in file:
            if out is None or quotes % 2 == 0 and out.tell() >= least:
                names.append(os.path.join(folder, f"part-{len(names)}.csv"))
                out = out and out.close() or open(names[-1], "wb")
                out.write(header)
            out.write(line)
            quotes += line.count(b'"')
    out.close()
    return names


class Timeline:
    """When what happened, by the logs of an undisturbed run, in seconds since 1970."""

    def __init__(self, cluster):
        self.scheduler = cluster.log("scheduler")
        self.executors = "".join(cluster.log(f"executor-{number}") for number in range(cluster.count))
        self.kinds = {job: kind for kind, job, _ in cluster.jobs()}

    def times(self, pattern, kinds, text=None):
        """{job: first time}"""
        found = {}
        for stamp, job in re.findall(r"(?m)^(\S+Z) .*" + pattern, text or self.scheduler):
            if self.kinds.get(job) in kinds:
                found.setdefault(job, datetime.datetime.fromisoformat(stamp).timestamp())
        return found

    def begun(self, *kinds):
        return self.times(r"Job submitted: \[(\w+)\]", kinds)

    def done(self, *kinds):
        return self.times(r"Job finished successfully: \[(\w+)\]", kinds)

    def fetched(self, *kinds):
        return self.times(r"clean data request for job (\w+)", kinds)

    def later(self):
        return self.times(rf"Execute task  : \[TID (\w+)/[{LATER}-9]", ("query",), self.executors)


def lengths(line, ended):
    """How long each stage took in an undisturbed run."""
    def mean(ends, starts):
        spans = [ends[job] - starts[job] for job in ends if job in starts]
        return sum(spans) / max(1, len(spans))
    if "query" in line.kinds.values():
        return {"query, reading": mean(line.later(), line.begun("query")), "query, later stages": mean(line.done("query"), line.later()),
                "query, fetching": mean(line.fetched("query"), line.done("query"))}
    count, judge = ("scan", "count"), ("judge",)
    span = lambda kinds: max(line.fetched(*kinds).values()) - min(line.begun(*kinds).values())
    return {"counting": span(count), "judging": span(judge), "fetching": mean(line.fetched(*judge), line.done(*judge)),
            "second look": ended - max(line.fetched(*judge).values())}


def begins(stage, cluster, pick, jobs):
    """Whether the stage has begun; `pick` says the how-manieth job it is."""
    line = Timeline(cluster)
    enough = lambda found: len(found) >= pick
    return {
        "counting": lambda: bool(line.begun("scan", "count")),
        "judging": lambda: bool(line.begun("judge")),
        "fetching": lambda: enough(line.done("judge")),
        "second look": lambda: len(line.fetched("judge")) >= jobs,
        "query, reading": lambda: enough(line.begun("query")),
        "query, later stages": lambda: enough(line.later()),
        "query, fetching": lambda: enough(line.done("query")),
    }[stage]()


class Bench:
    def __init__(self, given):
        self.given, self.program = given, os.path.abspath(given.program)
        self.work = tempfile.mkdtemp(prefix="tanguero-kills-")
        self.store = Store()
        self.environment = surroundings(**self.store.environment)
        self.patience = {}

    def close(self):
        self.store.close()
        shutil.rmtree(self.work, ignore_errors=True)

    def limit(self, mapping):
        """Attempts with their pauses, and twice what it takes undisturbed."""
        return ATTEMPTS * (self.patience[mapping] + TIMEOUT) + PAUSES + 2 * self.undisturbed[mapping]

    def command(self, project, mappings, out, more):
        return [self.program, "run", *mappings, "--out", os.path.join(project, out), "--force", "--memory", MEMORY, *AS_OF, *more]

    def run(self, project, mappings, out, more=()):
        began = time.monotonic()
        done = subprocess.run(self.command(project, mappings, out, more), cwd=project, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"exit {done.returncode}\n{done.stderr}")
        if more and "N893" in done.stderr:
            print("some is done on the machine that asks: " + "; ".join(re.findall(r"N893\]: (.*)", done.stderr)), file=sys.stderr)
        return published(os.path.join(project, out)), time.monotonic() - began

    def examples(self):
        """The examples' project, its data in the store."""
        project = os.path.join(self.work, "examples")
        for folder in ["mappings", "queries", "examples"]:
            shutil.copytree(os.path.join(ROOT, folder), os.path.join(project, folder))
        data = os.path.join(project, "examples", "data")
        for place, _, names in os.walk(data):
            for name in names:
                path = os.path.join(place, name)
                self.store.put(path, "examples/" + os.path.relpath(path, data))
        with open(os.path.join(ROOT, "tanguero.yaml"), encoding="utf-8") as file:
            text = file.read().replace("path: examples/data/", f"path: {self.store.url}/examples/")
        with open(os.path.join(project, "tanguero.yaml"), "w", encoding="utf-8") as file:
            file.write(text + self.store.settings())
        return project

    def same_examples(self):
        project = self.examples()
        local, _ = self.run(project, [], "out-local")
        with Cluster(self.program, project, environment=self.store.environment) as cluster:
            away, took = self.run(project, [], "out-away", ["--cluster", cluster.url])
            tasks = len(re.findall("Finished task", cluster.log("executor-0") + cluster.log("executor-1")))
        self.tell_same("the examples", local, away, f"{tasks} tasks, {took:.1f} s")

    def tell_same(self, what, local, away, told):
        if local != away:
            different = sorted(name for name in local.keys() | away.keys() if local.get(name) != away.get(name))
            sys.exit(f"{what}: DIFFERENT: {', '.join(different)}")
        print(f"{what}: {len(local)} files, the same bytes ({told})", flush=True)

    def jobs(self):
        """The accounts job and a query over its source, the source in the store."""
        parts = split(accounts(self.given.rows), self.given.objects, self.work)
        for number, part in enumerate(parts):
            self.store.put(part, f"accounts/{number}.csv")
            os.remove(part)
        self.project = os.path.join(self.work, "jobs")
        os.makedirs(self.project)
        with open(os.path.join(self.project, "tanguero.yaml"), "w", encoding="utf-8") as file:
            file.write(self.store.settings())
        shutil.copy(os.path.join(ACCOUNTS, "accounts.yaml"), self.project)
        with open(os.path.join(self.project, "query.yaml"), "w", encoding="utf-8") as file:
            file.write(QUERY)
        self.more = ["--var", f"INPUT={self.store.url}/accounts/"]
        self.right, self.undisturbed, self.lengths, self.count = {}, {}, {}, {}
        for mapping in ["accounts", "query"]:
            self.right[mapping], _ = self.run(self.project, [mapping + ".yaml"], "out", self.more)
            with self.cluster() as cluster:
                out = "away-" + mapping
                away, took = self.run(self.project, [mapping + ".yaml"], out, self.away(cluster, 600))
                line = Timeline(cluster)
                self.lengths |= lengths(line, time.time())
                self.count[mapping] = len(line.begun("judge"))
            self.undisturbed[mapping] = took
            # As long as nothing is wrong no job comes near it.
            self.patience[mapping] = max(self.given.patience, round(3 * took))
            self.tell_same(f"{mapping}, {self.given.rows:,} rows in {self.given.objects} objects", self.right[mapping], away, f"{took:.1f} s")
            shutil.rmtree(os.path.join(self.project, out))
            shutil.rmtree(os.path.join(self.project, "out"))

    def cluster(self):
        return Cluster(self.program, self.project, memory=MEMORY, environment=self.store.environment)

    def away(self, cluster, patience):
        ranges = ["--cluster-range", str(self.given.range)]
        return [*self.more, "--cluster", cluster.url, "--cluster-patience", str(patience), *ranges]

    def kill(self, number, stage, mapping, chance):
        """One run with one kill; says what came of it. A run that ended before shows nothing and is repeated, to be killed sooner."""
        share, victim, pick = chance.random(), chance.randrange(2), chance.random()
        while not (told := self.once(number, stage, mapping, (share, victim, pick))):
            share /= 2
        return told

    def once(self, number, stage, mapping, choice):
        share, victim, pick = choice
        jobs = self.count[mapping]
        pick = 1 + int(pick * (2 if mapping == "query" else jobs))
        limit = self.limit(mapping)
        out = os.path.join(self.project, "out")
        with self.cluster() as cluster:
            began = time.monotonic()
            log = open(os.path.join(self.work, "run.log"), "w+", encoding="utf-8")
            run = subprocess.Popen(self.command(self.project, [mapping + ".yaml"], "out", self.away(cluster, self.patience[mapping])), cwd=self.project,
                                   env=self.environment, stdout=subprocess.DEVNULL, stderr=log)
            while run.poll() is None and not begins(stage, cluster, pick, jobs):
                time.sleep(0.01)
            time.sleep(share * self.lengths[stage])
            if run.poll() is not None:
                log.close()
                shutil.rmtree(out, ignore_errors=True)
                return None if run.returncode == 0 else sys.exit(f"{mapping}: exit {run.returncode} before anything was killed")
            where, at = self.where(cluster), time.monotonic() - began
            cluster.kill(victim)
            time.sleep(2)
            cluster.add(victim)
            try:
                code = run.wait(max(0.1, limit - (time.monotonic() - began)))
            except subprocess.TimeoutExpired:
                run.kill()
                code = None
            run.wait()
            took = time.monotonic() - began
            log.seek(0)
            said = log.read()
            log.close()
        again = len(re.findall("N894", said))
        found = published(out) if os.path.isdir(out) else {}
        shutil.rmtree(out, ignore_errors=True)
        if code is None:
            outcome = "LATE"
        elif code == 0:
            outcome = "right" if found == self.right[mapping] else "WRONG"
        else:
            outcome = "clean failure, 7" if code == 7 and "N891" in said and not found else f"WRONG, exit {code}"
        if outcome != "right":
            print(said, file=sys.stderr)
        print(f"| {number} | {stage} | {where} | {victim + 1} | {at:.1f} | {again} | {took:.1f} | {limit:.0f} | {outcome} |", flush=True)
        return outcome

    def where(self, cluster):
        """What the cluster was at, in words."""
        words = []
        jobs = cluster.jobs()
        for kind in dict.fromkeys(kind for kind, _, _ in jobs):
            states = [state for one, _, state in jobs if one == kind]
            counted = [f"{states.count(state)} {state}" for state in ("running", "done", "fetched") if state in states]
            words.append(f"{kind}: {', '.join(counted)}")
        return "; ".join(words[-1:])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", help="with the feature `cluster`, e.g. target/release/tanguero")
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--objects", type=int, default=6, help="that the accounts lie in")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--range", type=int, default=32 << 20, help="bytes of a task")
    parser.add_argument("--patience", type=int, default=10, help="least --cluster-patience of the runs that lose an executor")
    parser.add_argument("--only", help="kills in this stage alone")
    parser.add_argument("--small", action="store_true", help="20,000 rows in moto, tasks of half a MB, one kill in each stage")
    given = parser.parse_args()
    if given.small:
        given.rows, given.objects, given.range, given.kills = 20_000, 1, 1 << 19, len(STAGES)
    return given


def main():
    given = arguments()
    plan = [(stage, mapping) for stage, mapping, count in STAGES for _ in range(1 if given.small else count)]
    if given.only:
        plan = [one for one in plan if one[0] == given.only] or sys.exit(f"no such stage: {', '.join(one for one, _, _ in STAGES)}")
    plan = [plan[number % len(plan)] for number in range(given.kills)]
    bench = Bench(given)
    try:
        began = load()
        bench.same_examples()
        bench.jobs()
        print("\n| kill | stage | the cluster at that moment | executor | after s | handed in again | ended after s | limit s | outcome |")
        print("| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |")
        # Each kill has its own chance, so that one alone can be repeated.
        outcomes = [bench.kill(number, *one, random.Random(given.seed * 1000 + number)) for number, one in enumerate(plan, 1)]
        counted = {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}
        print(f"\n{len(outcomes)} kills, seed {given.seed}: " + ", ".join(f"{count} {outcome}" for outcome, count in counted.items()))
        print(f"load of the machine before {began}, after {load()}; {os.cpu_count()} processors")
    finally:
        bench.close()
    sys.exit(any(outcome not in ("right", "clean failure, 7") for outcome in outcomes))


if __name__ == "__main__":
    main()
