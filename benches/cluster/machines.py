"""A store, a scheduler and executors on loopback, as real processes, and what they took of the machine."""
import json, os, re, shutil, signal, socket, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SERVICES = os.path.join(ROOT, "tests", "services", "services")
ACCOUNTS = os.path.join(ROOT, "benches", "side_by_side", "accounts")
TICKS = os.sysconf("SC_CLK_TCK")
# Seconds without a word after which an executor counts as lost, and between its words.
TIMEOUT, HEARTBEAT = 4, 1


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def processor(pid):
    """Processor seconds of a process so far, the children it waited for among them."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


def peak(pid):
    """The largest resident set of a process so far, in MB."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1]) * 1024 / 1e6


def surroundings(**more):
    """This environment without credentials and proxies of its own."""
    names = [name for name in os.environ if name.upper().startswith(("AWS_", "TANGUERO_")) or name.upper().endswith("_PROXY")]
    return {**{name: value for name, value in os.environ.items() if name not in names}, **more}


class Store:
    """moto, of `tests/services/services`."""

    def __init__(self):
        self.process = subprocess.Popen([SERVICES, "run", "moto"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"moto does not start: {SERVICES} install moto")
        self.told = json.loads(line)
        self.url = "s3://" + self.told["bucket"]
        self.environment = {"STORE_SECRET": self.told["secret_access_key"]}

    def put(self, path, name):
        """Puts the file at `path` there as `name`."""
        import http.client
        connection = http.client.HTTPConnection("127.0.0.1", self.told["port"], timeout=300)
        with open(path, "rb") as file:
            length = {"Content-Length": str(os.path.getsize(path))}
            # It takes any signature, but wants one.
            signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=moto-id/20260101/us-east-1/s3/aws4_request, "
                                       "SignedHeaders=host, Signature=0"}
            connection.request("PUT", f"/{self.told['bucket']}/{name}", body=file, headers={**length, **signed})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            sys.exit(f"moto takes no {name}: {answer.status}")

    def settings(self):
        return (f"stores:\n  bench: {{url: \"{self.url}\", endpoint: \"{self.told['endpoint']}\", allow_http: true, region: us-east-1, "
                f"access_key_id: {self.told['access_key_id']}, secret_access_key: \"${{STORE_SECRET}}\"}}\n")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Cluster:
    """One scheduler and `executors` of `slots` each, started in `project`; ends with its `with`."""

    def __init__(self, program, project, executors=2, slots=1, memory="1GB", environment=None):
        self.program, self.project, self.slots, self.memory = program, project, slots, memory
        self.environment = surroundings(**(environment or {}))
        self.folder = tempfile.mkdtemp(prefix="tanguero-cluster-")
        self.count, self.executors, self.ports = executors, [None] * executors, [free_ports(2) for _ in range(executors)]
        self.gone = 0.0
        [port] = free_ports(1)
        self.url = f"df://127.0.0.1:{port}"

    def __enter__(self):
        command = ["cluster", "scheduler", "--port", self.url.rsplit(":", 1)[1], "--executor-timeout", str(TIMEOUT)]
        self.scheduler = self.start(command, "scheduler")
        self.until(lambda: "listens at" in self.log("scheduler"), "the scheduler")
        for number in range(self.count):
            self.add(number)
        for number in range(self.count):
            self.until(lambda: "registration succeed" in self.log(f"executor-{number}"), "an executor")
        return self

    def __exit__(self, *_):
        for process in [*self.executors, self.scheduler]:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command, log):
        with open(os.path.join(self.folder, log + ".log"), "ab") as file:
            return subprocess.Popen([self.program, *command], cwd=self.project, env=self.environment,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file)

    def add(self, number):
        port, grpc = self.ports[number]
        command = ["cluster", "executor", "--scheduler", self.url, "--port", str(port), "--grpc-port", str(grpc),
                   "--slots", str(self.slots), "--memory", self.memory, "--heartbeat", str(HEARTBEAT),
                   "--work-folder", os.path.join(self.folder, f"work-{number}")]
        self.executors[number] = self.start(command, f"executor-{number}")

    def kill(self, number):
        """Kills an executor, and what lay on its disk goes too."""
        self.gone += processor(self.executors[number].pid)
        self.executors[number].send_signal(signal.SIGKILL)
        self.executors[number].wait()
        shutil.rmtree(os.path.join(self.folder, f"work-{number}"), ignore_errors=True)

    def log(self, name):
        try:
            with open(os.path.join(self.folder, name + ".log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def until(self, done, what):
        end = time.monotonic() + 60
        while not done():
            if time.monotonic() > end or self.scheduler.poll() is not None:
                sys.exit(f"{what} did not come:\n{self.log('scheduler')}")
            time.sleep(0.02)

    def took(self):
        """Processor seconds and peak MB of each process."""
        named = [("scheduler", self.scheduler), *((f"executor {number + 1}", one) for number, one in enumerate(self.executors))]
        return {name: (processor(one.pid), peak(one.pid)) for name, one in named}

    def jobs(self):
        """What the scheduler has said of jobs: (kind, id, state), in the order in which they came."""
        text, kinds, states = self.log("scheduler"), {}, {}
        for job, first in re.findall(r"Submitting execution graph for job_id \[(\w+)\]:\n(.*)", text):
            kinds[job] = first.split("JobExec: ")[1].strip() if first.startswith("JobExec: ") else "query"
        for state, pattern in [("done", r"Job finished successfully: \[(\w+)\]"), ("fetched", r"clean data request for job (\w+)"),
                               ("ended", r"cancellation request for job \[?(\w+)")]:
            for job in re.findall(pattern, text):
                states[job] = state
        return [(kind, job, states.get(job, "running")) for job, kind in kinds.items()]


def accounts(rows):
    """The data of the accounts job, made once per size into BENCH_FOLDER."""
    work = os.path.abspath(os.environ.get("BENCH_FOLDER") or tempfile.gettempdir())
    os.makedirs(work, exist_ok=True)
    source = os.path.join(work, f"accounts-{rows}.csv")
    if not os.path.exists(source):
        print(f"generating {source}", file=sys.stderr)
        subprocess.run([sys.executable, os.path.join(ACCOUNTS, "generate.py"), str(rows), source + ".part"], check=True)
        os.replace(source + ".part", source)
    with open(source, "rb") as file:  # into the page cache, the same for all
        while file.read(1 << 24):
            pass
    return source


def published(folder):
    """Every file of an output folder with what is in it, but `run.json`, which tells times."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            key = os.path.relpath(path, folder)
            if name != "run.json" and not key.startswith("."):
                with open(path, "rb") as file:
                    found[key] = file.read() if os.path.getsize(path) < 1 << 20 else digest(path)
    return found


def digest(path):
    import hashlib
    hash_ = hashlib.blake2b()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            hash_.update(piece)
    return hash_.digest()


def load():
    with open("/proc/loadavg", encoding="utf-8") as file:
        return file.read().split()[0]
