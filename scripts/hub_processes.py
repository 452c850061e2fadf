"""Starts the real hub and the mock vendors as separate processes, for everything that runs them:
chaos, bench, outage and the tests in tests/scripts.

Everything a run starts is its own: free ports, a temporary directory, and an environment that holds
no setting of whoever calls. Processes are spawned from the main thread only and die with it.
"""
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Failure(Exception):
    """The run cannot go on; the text is for a person."""


def free_port():
    """A port that nobody listens on, and that no connecting socket is given by the system: it must
    still be free when a hub that was killed starts again."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        below = int(f.read().split()[0])
    candidates = [random.randrange(10_000, below) for _ in range(100)] if below > 11_000 else []
    for port in candidates + [0]:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return s.getsockname()[1]
    raise Failure("there is no free port")


def request(port, method, path, body=None, headers=None, timeout=30):
    """One exchange on a connection of its own: (status, headers, body bytes)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        sent = {"Content-Type": "application/json"} if body is not None else {}
        sent.update(headers or {})
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def request_json(port, method, path, value=None, timeout=30):
    body = None if value is None else json.dumps(value).encode()
    status, _, answer = request(port, method, path, body, timeout=timeout)
    if status >= 300:
        raise Failure(f"{method} {path}: {status} {answer[:300].decode(errors='replace')}")
    return json.loads(answer) if answer else None


class Process:
    """A child that ends when this program does."""

    def __init__(self, arguments, environment, log):
        own = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "TMPDIR"):
            if name in os.environ:
                own[name] = os.environ[name]
        own.update(environment)
        self.log = log
        # setpriv (util-linux) asks the kernel to end the child with us, however we end.
        with open(log, "ab") as err:
            self.child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL"] + arguments, env=own,
                                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                          stderr=err)
        os.set_blocking(self.child.stdout.fileno(), False)

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child.poll() is None

    def kill(self):
        """SIGKILL, now; returns the time in Unix seconds."""
        self.child.send_signal(signal.SIGKILL)
        at = time.time()
        self.child.wait()
        self.child.stdout.close()
        return at

    def reap(self):
        """After someone else ended it."""
        self.child.wait(timeout=10)
        self.child.stdout.close()

    def terminate(self, timeout=40):
        """SIGTERM, and the exit status; SIGKILL and None where it does not end."""
        if self.alive():
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                return None
        self.child.stdout.close()
        return self.child.returncode

    def log_tail(self):
        with open(self.log, "rb") as f:
            return f.read()[-2000:].decode(errors="replace")

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_kb(self):
        """(anonymous, file) proportional set size in kB."""
        found = {}
        with open(f"/proc/{self.pid}/smaps_rollup") as f:
            for line in f:
                name, _, rest = line.partition(":")
                if name in ("Pss_Anon", "Pss_File"):
                    found[name] = int(rest.split()[0])
        return found.get("Pss_Anon", 0), found.get("Pss_File", 0)


class Mock:
    def __init__(self, program, directory, seed=1, counts=False, more=()):
        arguments = [str(program), "mock", "--listen", "127.0.0.1:0", "--seed", str(seed)]
        if counts:
            arguments.append("--ledger-counts")
        arguments += more
        self.process = Process(arguments, {}, directory / "mock.log")
        deadline = time.monotonic() + 20
        line = b""
        while b"\n" not in line:
            if time.monotonic() > deadline or not self.process.alive():
                self.process.kill()
                raise Failure(f"the mock vendors did not start: {self.process.log_tail()}")
            line += self.process.child.stdout.read() or b""
            time.sleep(0.005)
        self.port = int(line.split(b"\n")[0].rsplit(b":", 1)[1])

    def control(self, document):
        request_json(self.port, "POST", "/control", document)

    def ledger(self):
        """The whole ledger: effects of all pages, totals and counters of the last one."""
        effects, since = [], 0
        while True:
            page = request_json(self.port, "GET", f"/ledger?since={since}&limit=20000", timeout=60)
            effects += page.get("effects", [])
            if page.get("next") is None:
                page["effects"] = effects
                return page
            since = page["next"]

    def counters(self):
        """The ledger without its effects."""
        return request_json(self.port, "GET", "/ledger?limit=0", timeout=60)

    def vendor_environment(self):
        base = f"http://127.0.0.1:{self.port}"
        return {
            "STRIPE_API_BASE": base + "/stripe", "STRIPE_API_KEY": "sk_test_bench",
            "SHIPPO_API_BASE": base + "/shippo", "SHIPPO_API_KEY": "shippo_test_bench",
            "SENDGRID_API_BASE": base + "/sendgrid", "SENDGRID_API_KEY": "SG.bench",
            "SLACK_API_BASE": base + "/slack", "SLACK_BOT_TOKEN": "xoxb-bench",
            "SLACK_CHANNEL": "C0ORDERHUB",
        }

    def more_environment(self):
        """Twilio and GitHub, with a public URL: in its query the ledger finds an SMS's order."""
        return {
            "TWILIO_API_BASE": f"http://127.0.0.1:{self.port}/twilio",
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "bench",
            "TWILIO_FROM": "+15005550006", "ORDERHUB_PUBLIC_URL": "https://hub.example.com",
            "GITHUB_API_BASE": f"http://127.0.0.1:{self.port}/github", "GITHUB_TOKEN": "ghp_bench",
            "GITHUB_REPOSITORY": "owner/shop",
        }


class Hub:
    """One hub: its data directory and its ports stay the same over restarts."""

    def __init__(self, program, directory, environment, arguments=()):
        self.program, self.directory = program, pathlib.Path(directory)
        self.data = self.directory / "data"
        self.environment = dict(environment)
        self.arguments = list(arguments)
        self.prefix = []  # Of the command: what starts the program in another namespace.
        self.port, self.admin_port = free_port(), free_port()
        self.process = None

    def spawn(self):
        self.process = Process(
            self.prefix + [str(self.program), "serve", "--data-dir", str(self.data),
             "--listen", f"127.0.0.1:{self.port}", "--admin-listen", f"127.0.0.1:{self.admin_port}"]
            + self.arguments, self.environment, self.directory / "hub.log")

    def is_ready(self):
        try:
            return request(self.port, "GET", "/restate/health", timeout=5)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def start(self, timeout=60):
        """Spawns and waits until it is ready; the seconds that took."""
        begin = time.monotonic()
        self.spawn()
        while not self.is_ready():
            if not self.process.alive():
                raise Failure(f"the hub ended with status {self.process.child.returncode}:\n"
                              f"{self.process.log_tail()}")
            if time.monotonic() - begin > timeout:
                self.process.kill()
                raise Failure(f"the hub was not ready within {timeout} s:\n"
                              f"{self.process.log_tail()}")
            time.sleep(0.002)
        return time.monotonic() - begin

    def metrics(self):
        """What the admin port's /metrics says: {name: number}, the sum where there are labels."""
        status, _, text = request(self.admin_port, "GET", "/metrics")
        if status != 200:
            raise Failure(f"GET /metrics: {status}")
        sums = {}
        for line in text.decode().splitlines():
            if line and not line.startswith("#"):
                name = line.partition("{")[0].partition(" ")[0]
                sums[name] = sums.get(name, 0) + float(line.rsplit(" ", 1)[1])
        return sums

    def disk_bytes(self):
        """Blocks that the data directory's files occupy, as du counts them."""
        return sum(f.stat().st_blocks * 512 for f in self.data.rglob("*") if f.is_file())


def find_program(given):
    program = pathlib.Path(given) if given else ROOT / "build/release/orderhub"
    if not program.is_file():
        sys.exit(f"{program} does not exist: run scripts/build.sh --tests first")
    return program.resolve()


def check_tools():
    if not shutil.which("setpriv"):
        sys.exit("setpriv (package util-linux) is missing")
