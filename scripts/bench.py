#!/usr/bin/env python3
"""Measures the real hub on this machine, with mock vendors and clients as separate processes.

Parts (--only takes a comma-separated list):
  fdatasync   what the disk gives: 4 KiB written and synced, over and over
  orders      orders at 1, 16, 64 and 256 connections, vendors at 0 and 20 ms, and the ceiling: the
              same with the journal off (vendors at 0 ms). An order is 4 vendor calls: Stripe, Shippo
              twice, SendGrid; Slack is not configured
  webhooks    WebhookProcessor calls at 1, 16, 64 and 256 connections
  recovery    SIGKILL with 1,000 orders in flight at all steps (vendors at 20 ms), restart: seconds
              until each of them is finished, and what the vendors did twice
  start       spawn to the first 200 of /restate/health with 0, 10 thousand and 1 million stored
              orders; with a million also after a SIGKILL under load
  suspended   memory with 100 thousand orders that wait for an hour (the label is refused with 429
              and Retry-After)
  checkpoint  the longest commit while checkpoints run beside 5 million rows, keys at random

Each figure is the median of --runs runs, with the smallest and the largest beside it. In the parts
orders and webhooks every run has a fresh hub and goes once over all points before the next run
begins, so that a slow minute of the machine hits all points alike.

Exit status: 0 measured, 1 a part could not be measured, 2 wrong usage. Targets have no part in it.
"""
import argparse
import contextlib
import json
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from hub_processes import ROOT, Failure, Hub, Mock, check_tools

PARTS = ["fdatasync", "orders", "webhooks", "recovery", "start", "suspended", "checkpoint"]
CONNECTIONS = [1, 16, 64, 256]
ROWS_AN_ORDER = 5  # Objects: order, shipment. Invocations: order, shipment, notice.
MB = 1024.0        # kB in one

# What the project wants, and what was measured of others on such a machine (the table).
TARGETS = {
    "orders.c64.v0.per_second": (">=", 4500),
    "orders.c1.v0.p50": ("<=", 4),
    "orders.c64.v0.p99": ("<=", 30),
    "orders.c256.v20.per_second": (">=", 2500),
    "orders.c64.v0.share_of_ceiling": (">=", 0.75),
    "orders.c64.v0.memory_anon": ("<=", 60),
    "webhooks.c64.per_second": (">=", 15000),
    "webhooks.c64.memory_anon": ("<=", 60),
    "recovery.charges_twice": ("<=", 0),
    "recovery.labels_twice": ("<=", 0),
    "recovery.finished": ("<=", 1.5),
    "recovery.finished_in_doubt": ("<=", 3.5),
    "checkpoint.longest_commit": ("<=", 20),
    "start.stored_1000000.ready": ("<=", 1),
}
PEERS = {
    "orders.c64.v0.per_second": {"restate": 374, "dbos": 160, "node without journal": 2034},
    "orders.c1.v0.p50": {"restate": 13, "dbos": 26},
    "orders.c64.v0.p99": {"restate": 262, "dbos": 564},
    "orders.c256.v20.per_second": {"restate, vendors at 0 ms": 391, "dbos": 160},
    "webhooks.c64.per_second": {"restate": 903, "dbos": 749},
    "orders.c64.v0.memory_anon": {"restate": 578, "dbos": 307},
    "recovery.charges_twice": {"restate": "25-69 of 262-475 calls repeated",
                               "dbos": "283-416 calls repeated"},
    "recovery.finished": {"restate": 4.3, "dbos": 6.8},
}


def parse_arguments():
    p = argparse.ArgumentParser(prog="bench.sh", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", default=",".join(PARTS), metavar="PART,…",
                   help="parts to run (default: all)")
    p.add_argument("--quick", action="store_true",
                   help="1 run, short loads, 20 thousand stored and 2 thousand suspended orders: "
                        "shows that it works, about 2 minutes")
    p.add_argument("--runs", type=int, help="runs of each figure (default 5)")
    p.add_argument("--seconds", type=float, help="length of one load (default 5)")
    p.add_argument("--stored", type=int, help="stored orders, 5 rows each (default 1000000)")
    p.add_argument("--suspended", type=int, help="suspended orders (default 100000)")
    p.add_argument("--in-flight", type=int, default=1000,
                   help="orders in flight at the kill (default 1000)")
    p.add_argument("--json", metavar="FILE", help="JSON lines go there instead of to stdout")
    p.add_argument("--dir", metavar="DIR", help="where the data directories are made, on a real disk"
                                                " (default: build/)")
    p.add_argument("--build-dir", default=str(ROOT / "build/release"), metavar="DIR",
                   help="where orderhub, orderhub_load and orderhub_fill are")
    p.add_argument("--no-build", action="store_true", help="measure what is built (bench.sh)")
    a = p.parse_args()
    a.only = [part for part in a.only.split(",") if part]
    for part in a.only:
        if part not in PARTS:
            p.error(f"--only: {part} is no part; there are {', '.join(PARTS)}")
    a.runs = a.runs or (1 if a.quick else 5)
    a.seconds = a.seconds or (1.0 if a.quick else 5.0)
    a.stored = a.stored or (20_000 if a.quick else 1_000_000)
    a.suspended = a.suspended or (2_000 if a.quick else 100_000)
    if min(a.runs, a.stored, a.suspended, a.in_flight) < 1 or a.seconds <= 0:
        p.error("--runs, --seconds, --stored, --suspended and --in-flight must be above 0")
    # The hub takes 2,048 connections unless told otherwise.
    if a.in_flight > 2000:
        p.error("--in-flight can be at most 2000")
    return a


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Figures:
    """Everything measured: values by figure, in the order in which they were first seen."""

    def __init__(self):
        self.runs = {}
        self.units = {}

    def add(self, name, unit, value):
        """One run's value."""
        self.units[name] = unit
        self.runs.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.runs[name]) if name in self.runs else None

    def is_met(self, name):
        comparison, limit = TARGETS[name]
        value = self.median(name)
        return value >= limit if comparison == ">=" else value <= limit

    def json_line(self, name):
        def rounded(value):
            return round(value, 6)
        runs = self.runs[name]
        target = TARGETS.get(name)
        return json.dumps({
            "figure": name, "value": rounded(self.median(name)), "unit": self.units[name],
            "runs": [rounded(r) for r in runs], "min": rounded(min(runs)),
            "max": rounded(max(runs)), "target": f"{target[0]} {target[1]}" if target else None,
            "met": self.is_met(name) if target else None, "peer": PEERS.get(name)})


class Load:
    """One orderhub_load under way, and the most memory that the hub had meanwhile."""

    def __init__(self, program, arguments):
        self.arguments = arguments
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", str(program)] + [str(a) for a in arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.anon_kb = self.file_kb = 0

    def sample(self, process):
        anon, file = process.memory_kb()
        if anon >= self.anon_kb:
            self.anon_kb, self.file_kb = anon, file

    def finish(self, hub=None, timeout=600):
        """Waits for the end; samples the hub's memory twice a second. The line it printed."""
        deadline = time.monotonic() + timeout
        while True:
            if hub:
                if not hub.process.alive():
                    self.process.kill()
                    raise Failure("the hub ended under load with status "
                                  f"{hub.process.child.returncode}:\n{hub.process.log_tail()}")
                self.sample(hub.process)
            try:
                out, err = self.process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    self.process.kill()
                    self.process.communicate()
                    raise Failure(f"the load did not end within {timeout} s: "
                                  f"{' '.join(map(str, self.arguments))}") from None
        if hub:
            self.sample(hub.process)
        try:
            result = json.loads(out)
        except ValueError:
            raise Failure(f"orderhub_load said nothing usable: {err.strip() or out!r}") from None
        if self.process.returncode != 0:
            raise Failure("not every request was answered with success: "
                          f"{json.dumps({k: v for k, v in result.items() if v})} {err.strip()}")
        return result


class World:
    """Mock vendors and a hub in a directory of their own."""

    def __init__(self, mock, hub):
        self.mock, self.hub = mock, hub

    def stop_hub(self):
        """SIGTERM; what is left in the data directory is folded."""
        status = self.hub.process.terminate(timeout=60)
        if status is None:
            raise Failure("the hub did not end within 60 s of SIGTERM; the end of its log:\n"
                          f"{self.hub.process.log_tail()}")
        if status != 0:
            raise Failure(f"the hub's status after SIGTERM is {status}:\n"
                          f"{self.hub.process.log_tail()}")


class Bench:
    def __init__(self, arguments, directory):
        self.a = arguments
        self.directory = directory
        build = pathlib.Path(arguments.build_dir)
        self.program, self.load_program, self.fill_program = (
            build / name for name in ("orderhub", "orderhub_load", "orderhub_fill"))
        for program in (self.program, self.load_program, self.fill_program):
            if not program.is_file():
                raise Failure(f"{program} does not exist: run scripts/bench.sh without --no-build")
        self.figures = Figures()
        self.notes = []
        self.filled = {}   # Orders stored -> data directory.
        self.worlds = 0

    # ── What all parts use ──────────────────────────────────────────────────────────────────

    @contextlib.contextmanager
    def world(self, vendor_ms=0, environment=None, data=None):
        """Fresh mock vendors, and a hub that is not started yet; both end with the block."""
        self.worlds += 1
        directory = self.directory / f"world-{self.worlds}"
        directory.mkdir()
        mock = hub = None
        try:
            mock = Mock(self.program, directory, seed=self.worlds, counts=True)
            if vendor_ms:
                mock.control({"latency_ms": vendor_ms})
            settings = dict(mock.vendor_environment())
            settings["ORDERHUB_DISABLE"] = "slack"
            settings.update(environment or {})
            hub = Hub(self.program, directory, settings)
            if data:
                hub.data = data
            yield World(mock, hub)
        finally:
            for process in (hub and hub.process, mock and mock.process):
                if process and process.alive():
                    process.kill()
            shutil.rmtree(directory, ignore_errors=True)

    def load(self, hub, *arguments):
        return Load(self.load_program, ["--url", f"127.0.0.1:{hub.port}", *arguments])

    def each_run(self, part):
        for number in range(1, self.a.runs + 1):
            say(f"{part}: run {number} of {self.a.runs}")
            yield number

    # ── fdatasync ───────────────────────────────────────────────────────────────────────────

    def measure_fdatasync(self):
        for _ in self.each_run("fdatasync"):
            result = Load(self.load_program, ["--mode", "fdatasync", "--file",
                                              self.directory / "fdatasync", "--duration",
                                              min(2.0, self.a.seconds)]).finish()
            self.figures.add("fdatasync.per_second", "1/s", result["per_second"])
            for name in ("p50", "p99", "max"):
                self.figures.add(f"fdatasync.{name}", "ms", result[f"{name}_ms"])

    # ── orders and webhooks ─────────────────────────────────────────────────────────────────

    def measure_orders(self):
        for _ in self.each_run("orders"):
            for vendor_ms in (0, 20):
                for connections in CONNECTIONS:
                    self.measure_load("order", f"orders.c{connections}.v{vendor_ms}", connections,
                                      vendor_ms)
                    # The ceiling right after it: the same minute of the machine.
                    if vendor_ms == 0:
                        self.measure_load("order", f"ceiling.c{connections}.v0", connections, 0,
                                          journal_off=True)
        for connections in CONNECTIONS:
            normal = self.figures.runs[f"orders.c{connections}.v0.per_second"]
            ceiling = self.figures.runs[f"ceiling.c{connections}.v0.per_second"]
            for with_journal, without in zip(normal, ceiling):
                self.figures.add(f"orders.c{connections}.v0.share_of_ceiling", "",
                                 with_journal / without)
        on_disk = [self.figures.median(f"{w}.c64.v0.disk") for w in ("orders", "ceiling")]
        if on_disk[1] > on_disk[0] / 2:
            self.notes.append("With ORDERHUB_TEST_JOURNAL_OFF=1 the hub wrote as much as without "
                              "it: this program does not know it, and the ceiling is none.")

    def measure_webhooks(self):
        for _ in self.each_run("webhooks"):
            for connections in CONNECTIONS:
                self.measure_load("webhook", f"webhooks.c{connections}", connections, 0)

    def measure_load(self, kind, name, connections, vendor_ms, journal_off=False):
        """One load on a fresh hub: rates, latencies, CPU, memory and disk."""
        warmup = max(20, 4 * connections)
        environment = {"ORDERHUB_TEST_JOURNAL_OFF": "1"} if journal_off else {}
        with self.world(vendor_ms, environment) as w:
            w.hub.start()
            disk = w.hub.disk_bytes()
            hub_cpu, mock_cpu = w.hub.process.cpu_seconds(), w.mock.process.cpu_seconds()
            load = self.load(w.hub, "--kind", kind, "--connections", connections,
                             "--warmup", warmup, "--duration", self.a.seconds)
            result = load.finish(w.hub)
            count = result["requests"] + warmup
            hub_cpu = w.hub.process.cpu_seconds() - hub_cpu
            mock_cpu = w.mock.process.cpu_seconds() - mock_cpu
            disk = w.hub.disk_bytes() - disk
            w.stop_hub()
        add = self.figures.add
        add(f"{name}.per_second", "1/s", result["per_second"])
        for percentile in ("p50", "p95", "p99", "max"):
            add(f"{name}.{percentile}", "ms", result[f"{percentile}_ms"])
        add(f"{name}.cpu_hub", "us each", hub_cpu * 1e6 / count)
        if kind == "order":
            add(f"{name}.cpu_mock", "us each", mock_cpu * 1e6 / count)
        add(f"{name}.cpu_client", "us each", result["client_cpu_us_per_request"])
        add(f"{name}.memory_anon", "MB", load.anon_kb / MB)
        add(f"{name}.memory_file", "MB", load.file_kb / MB)
        add(f"{name}.disk", "bytes each", disk / count)

    # ── recovery ────────────────────────────────────────────────────────────────────────────

    def measure_recovery(self):
        for number in self.each_run("recovery"):
            # After some seconds the orders are spread over all steps; the first ones go in a wave.
            self.measure_one_recovery(kill_after_ms=3000 + 37 * number)

    def measure_one_recovery(self, kill_after_ms):
        with self.world(20, {"ORDERHUB_ABSENCE_AFTER": "2s"}) as w:
            hub = w.hub
            hub.start()
            open_file, times_file = hub.directory / "open", hub.directory / "times"
            burst = self.load(hub, "--mode", "burst", "--refill", "--connections", self.a.in_flight,
                              "--kill-pid", hub.process.pid, "--kill-after-ms", kill_after_ms,
                              "--open-file", open_file).finish()
            hub.process.reap()
            hub.spawn()
            settled = self.load(hub, "--mode", "settle", "--keys-file", open_file, "--times-file",
                                times_file, "--patience", 90).finish(hub)
            # All others too: what was answered with 200 before the kill must be there.
            everything = self.load(hub, "--mode", "settle", "--keys", burst["sent"],
                                   "--patience", 90).finish(hub)
            done = w.mock.counters()["orders"]
            w.stop_hub()
            in_doubt = self.labels_in_doubt(hub.data)
            times = [line.split() for line in times_file.read_text().splitlines()]
        lost = everything["unknown"] - settled["unknown"]
        if lost:
            raise Failure(f"{lost} orders that were answered with 200 before the SIGKILL are "
                          f"unknown after the restart")
        finished = {f"load-{n}": float(at) - burst["killed_at"] for n, at, status in times
                    if status == "200"}
        if not finished:
            raise Failure("none of the orders in flight at the SIGKILL had been accepted")
        add = self.figures.add
        add("recovery.in_flight", "orders", burst["in_flight"])
        add("recovery.in_flight_not_accepted", "orders", settled["unknown"])
        add("recovery.labels_in_doubt", "labels", len(in_doubt))
        add("recovery.first_answer", "s", settled["first_answer_at"] - burst["killed_at"])
        plain = [at for key, at in finished.items() if key not in in_doubt]
        doubted = [at for key, at in finished.items() if key in in_doubt]
        if plain:
            add("recovery.finished", "s", max(plain))
        if doubted:
            add("recovery.finished_in_doubt", "s", max(doubted))
        for kind in ("charge", "label", "mail", "message", "shipment"):
            twice = sum(max(0, counts.get(kind, 0) - 1) for counts in done.values())
            add(f"recovery.{kind}s_twice", kind + "s", twice)

    def labels_in_doubt(self, data):
        """Keys of the orders whose label purchase was found open by the restarted hub."""
        dump = subprocess.Popen([str(self.program), "journal", "dump", "--data-dir", str(data)],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        found = set()
        for line in dump.stdout:
            if '"object":"Shipment/' not in line or '"note":"doubt"' not in line:
                continue
            row = json.loads(line)
            invocations = row.get("live", []) if row["table"] == "ob" else [row]
            for entries in (i.get("entries", []) for i in invocations):
                labels = {e["index"] for e in entries
                          if e["kind"] == "effect" and e["name"] == "label"}
                if any(e["kind"] == "effect_note" and e["note"] == "doubt" and e["index"] in labels
                       for e in entries):
                    found.add(row["object"].partition("/")[2])
        if dump.wait() != 0:
            raise Failure(f"orderhub journal dump ended with status {dump.returncode}")
        return found

    # ── start ───────────────────────────────────────────────────────────────────────────────

    def data_with(self, orders):
        """A data directory with so many finished orders; made once, of one real order."""
        if orders in self.filled:
            return self.filled[orders]
        say(f"storing {orders:,} orders")
        data = self.directory / f"stored-{orders}"
        with self.world(data=data) as w:
            w.hub.start()
            # orderhub_fill wants a key of 16 bytes.
            self.load(w.hub, "--connections", 1, "--requests", 1, "--key-prefix",
                      "tmpl-bench-ord").finish(w.hub)
            self.wait_until_idle(w.hub)
            w.stop_hub()
        fill = subprocess.run([str(self.fill_program), "--data-dir", str(data), "--orders",
                               str(orders)], capture_output=True, text=True, check=False)
        if fill.returncode != 0:
            raise Failure(f"orders could not be stored: {fill.stderr.strip()}")
        filled = json.loads(fill.stdout)
        if filled["rows"] != ROWS_AN_ORDER * orders:
            self.notes.append(f"A stored order is {filled['rows'] / orders:g} rows, not "
                              f"{ROWS_AN_ORDER}: the journal for the checkpoint has "
                              f"{filled['rows']:,} rows.")
        self.filled[orders] = data
        return data

    def wait_until_idle(self, hub, active_max=0, timeout=120):
        """Until at most so many objects are active."""
        deadline = time.monotonic() + timeout
        while (active := hub.metrics()["orderhub_objects_active"]) > active_max:
            if time.monotonic() > deadline:
                raise Failure(f"{active:.0f} objects are still active after {timeout} s")
            time.sleep(0.05)

    def measure_start(self):
        few = min(10_000, max(1, self.a.stored // 2))
        self.data_with(few)
        self.data_with(self.a.stored)
        for number in self.each_run("start"):
            with self.world() as w:
                self.measure_one_start(w, "start.stored_0")
                w.stop_hub()
            with self.world(data=self.data_with(few)) as w:
                self.measure_one_start(w, f"start.stored_{few}")
                w.stop_hub()
            with self.world(environment={"ORDERHUB_ABSENCE_AFTER": "200ms"},
                            data=self.data_with(self.a.stored)) as w:
                self.measure_one_start(w, f"start.stored_{self.a.stored}")
                # As much log as there ever is: the kill comes under load, between checkpoints.
                open_file = w.hub.directory / "open"
                keys = ["--key-prefix", f"start{number}"]
                self.load(w.hub, "--mode", "burst", "--refill", "--connections", 64, *keys,
                          "--kill-pid", w.hub.process.pid, "--kill-after-ms", 2000, "--open-file",
                          open_file).finish()
                w.hub.process.reap()
                self.measure_one_start(w, f"start.stored_{self.a.stored}_after_kill")
                self.load(w.hub, "--mode", "settle", *keys, "--keys-file", open_file).finish(w.hub)
                w.stop_hub()

    def measure_one_start(self, w, name):
        self.figures.add(f"{name}.ready", "s", w.hub.start(timeout=300))
        self.add_memory(name, *w.hub.process.memory_kb())

    # ── suspended ───────────────────────────────────────────────────────────────────────────

    def measure_suspended(self):
        for _ in self.each_run("suspended"):
            self.measure_one_suspended()

    def measure_one_suspended(self):
        """Orders are charged, then their label is refused until in an hour, and nobody loses
        patience before: order and shipment both wait."""
        refusal = {"vendor": "shippo", "operation": "label", "always": True, "effect": "status",
                   "status": 429, "headers": {"retry-after": "3600"}}
        count, at_once = self.a.suspended, 5_000
        add = self.figures.add
        with self.world(0, {"ORDERHUB_LABEL_TIMEOUT": "1h"}) as w:
            w.mock.control({"faults": [refusal]})
            w.hub.start()
            disk = w.hub.disk_bytes()
            for first in range(0, count, at_once):
                self.load(w.hub, "--send", "--connections", 64, "--first-key", first, "--requests",
                          min(at_once, count - first)).finish(w.hub)
                self.wait_until_idle(w.hub, active_max=500)
            self.wait_until_idle(w.hub)
            # Past the checkpoint interval (10 s): everything is folded and the log is trimmed.
            time.sleep(2 if self.a.quick else 12)
            self.add_memory("suspended", *w.hub.process.memory_kb())
            # Part of it: records that are not folded into rows yet.
            add("suspended.overlay", "MB",
                w.hub.metrics()["orderhub_journal_overlay_bytes"] / MB / 1024)
            add("suspended.disk", "bytes each", (w.hub.disk_bytes() - disk) / count)
            w.stop_hub()
            self.check_suspended(w, count)
            add("suspended.restarted.ready", "s", w.hub.start(timeout=300))
            peak = self.peak_until_quiet(w.hub)
            self.add_memory("suspended.restarted.peak", *peak)
            self.add_memory("suspended.restarted", *w.hub.process.memory_kb())
            w.stop_hub()
            self.check_suspended(w, count)

    @staticmethod
    def peak_until_quiet(hub, quiet_s=5, timeout=180):
        """The most memory until no object has been active for a while: a restarted hub looks at
        what was under way a few at a time."""
        peak, begin = (0, 0), time.monotonic()
        active_at = begin
        while time.monotonic() - active_at < quiet_s:
            peak = max(peak, hub.process.memory_kb())
            if hub.metrics()["orderhub_objects_active"] > 0:
                active_at = time.monotonic()
            if active_at - begin > timeout:
                raise Failure(f"objects are still active {timeout} s after the restart")
            time.sleep(0.2)
        return peak

    def add_memory(self, name, anon, file):
        self.figures.add(f"{name}.memory_anon", "MB", anon / MB)
        self.figures.add(f"{name}.memory_file", "MB", file / MB)

    def check_suspended(self, w, count):
        """That they are what they are taken for: each with a timer, charged and without a label."""
        stats = subprocess.run([str(self.program), "journal", "stats", "--data-dir",
                                str(w.hub.data)], capture_output=True, text=True, check=False)
        if stats.returncode != 0:
            raise Failure(f"orderhub journal stats: {stats.stdout}{stats.stderr}")
        timers = json.loads(stats.stdout)["rows"]["tm"]
        done = w.mock.counters()
        charges, asked = done["totals"]["charge"], done["requests"]["shippo.label"]
        if timers < count or charges != count or asked != count:
            raise Failure(f"of {count} orders that should wait, {timers} have a timer, {charges} "
                          f"are charged, and their labels were asked for {asked} times")

    # ── checkpoint ──────────────────────────────────────────────────────────────────────────

    def measure_checkpoint(self):
        data = self.data_with(self.a.stored)
        # A short load would end before the first checkpoint.
        environment = {"ORDERHUB_CHECKPOINT_BYTES": "1MiB"} if self.a.quick else {}
        for number in self.each_run("checkpoint"):
            with self.world(environment=environment, data=data) as w:
                w.hub.start(timeout=300)
                result = self.load(w.hub, "--connections", 64, "--scatter", "--key-prefix",
                                   f"check{number}", "--warmup", 256, "--duration",
                                   2 * self.a.seconds).finish(w.hub)
                metrics = w.hub.metrics()
                w.stop_hub()
            slices = metrics["orderhub_journal_slices_total"]
            if slices == 0:
                raise Failure("no checkpoint ran during the load: take more --seconds")
            add = self.figures.add
            add("checkpoint.longest_commit", "ms",
                metrics["orderhub_journal_longest_commit_us"] / 1000)
            add("checkpoint.longest_slice", "ms",
                metrics["orderhub_journal_longest_slice_us"] / 1000)
            add("checkpoint.slices", "slices", slices)
            add("checkpoint.orders_per_second", "1/s", result["per_second"])
            for name in ("p50", "p99", "max"):
                add(f"checkpoint.order_{name}", "ms", result[f"{name}_ms"])

    # ── For people ──────────────────────────────────────────────────────────────────────────

    def print_tables(self):
        self.print_loads()
        self.print_rest()
        self.print_targets()
        for note in self.notes:
            print(f"Note: {note}")

    def print_loads(self):
        rows = []
        for kind, title in (("orders", "orders"), ("ceiling", "orders, journal off"),
                            ("webhooks", "webhooks")):
            for vendor_ms in (0, 20):
                for c in CONNECTIONS:
                    name = f"{kind}.c{c}.v{vendor_ms}"
                    if kind == "webhooks":
                        name = f"{kind}.c{c}"
                    if f"{name}.per_second" not in self.figures.runs or (kind == "webhooks" and
                                                                         vendor_ms):
                        continue
                    row = [title, "" if kind == "webhooks" else f"{vendor_ms}", f"{c}"]
                    row += [shown(self.figures.median(f"{name}.{figure}")) for figure in
                            ("per_second", "p50", "p95", "p99", "max", "cpu_hub", "cpu_mock", "cpu_client",
                             "memory_anon", "memory_file", "disk", "share_of_ceiling")]
                    rows.append(row)
        if rows:
            print_table(["what", "vendors ms", "conns", "per s", "p50 ms", "p95 ms", "p99 ms",
                         "max ms", "CPU us: hub", "mock", "client", "Pss_Anon MB", "Pss_File MB",
                         "disk bytes", "of ceiling"], rows)

    def print_rest(self):
        rows = [[name, self.figures.units[name], shown(self.figures.median(name)),
                 shown(min(runs)), shown(max(runs))]
                for name, runs in self.figures.runs.items()
                if name.split(".")[0] not in ("orders", "ceiling", "webhooks")]
        if rows:
            print_table(["figure", "unit", "median", "min", "max"], rows)

    def print_targets(self):
        rows = []
        for name, (comparison, limit) in TARGETS.items():
            if name not in self.figures.runs:
                continue
            peers = ", ".join(f"{who} {value}" for who, value in PEERS.get(name, {}).items())
            runs = self.figures.runs[name]
            rows.append([name, f"{comparison} {limit}", shown(self.figures.median(name)),
                         f"{shown(min(runs))} to {shown(max(runs))}",
                         "met" if self.figures.is_met(name) else "MISSED", peers])
        if rows:
            print_table(["target", "wanted", "median", "runs", "", "peers"], rows)


def shown(value):
    """A number with about four digits, or nothing."""
    if value is None:
        return ""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) >= 1 else \
        f"{value:.3f}"


def print_table(head, rows):
    """Numbers to the right, text to the left, a blank line after it."""
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    is_text = [not any(row[i][:1].isdigit() for row in rows) for i in range(len(head))]
    for row in [head] + rows:
        cells = [cell.ljust(width) if text else cell.rjust(width)
                 for cell, width, text in zip(row, widths, is_text)]
        print("  ".join(cells).rstrip())
    print()


def file_system_of(directory):
    """Type of the file system that holds the directory, such as ext4."""
    best, kind = "", ""
    with open("/proc/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, point, fs = line.split()[:3]
            point = point.replace("\\040", " ").rstrip("/")
            if (str(directory) + "/").startswith(point + "/") and len(point) >= len(best):
                best, kind = point, fs
    return kind


def make_directory(given):
    parent = pathlib.Path(given).resolve() if given else ROOT / "build"
    parent.mkdir(parents=True, exist_ok=True)
    kind = file_system_of(parent)
    if kind in ("tmpfs", "ramfs"):
        raise Failure(f"{parent} is on {kind}, where a sync costs nothing: give a --dir on a disk")
    return pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=parent)), kind


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        models = [line.partition(":")[2].strip() for line in f if line.startswith("model name")]
    with open("/proc/loadavg", encoding="utf-8") as f:
        busy = f.read().split()[0]
    return f"{len(models)} x {models[0] if models else 'CPU'}, load average {busy} at the start"


def stop_on_signal(number, _frame):
    raise SystemExit(128 + number)


def main():
    a = parse_arguments()
    check_tools()
    signal.signal(signal.SIGTERM, stop_on_signal)
    directory, failures = None, []
    try:
        directory, file_system = make_directory(a.dir)
        say(f"{machine()}, {file_system}; parts {', '.join(a.only)}; runs {a.runs}; in {directory}")
        bench = Bench(a, directory)
        for part in (p for p in PARTS if p in a.only):
            begin = time.monotonic()
            try:
                getattr(bench, f"measure_{part}")()
                say(f"{part}: measured in {time.monotonic() - begin:.0f} s")
            except (Failure, OSError) as e:
                failures.append(f"{part}: {e}")
                say(f"{part} FAILED: {e}")
        bench.print_tables()
        lines = "".join(bench.figures.json_line(name) + "\n" for name in bench.figures.runs)
        if a.json:
            pathlib.Path(a.json).write_text(lines, encoding="utf-8")
            print(f"One JSON line a figure: {a.json}")
        else:
            print(lines, end="", flush=True)
    except Failure as e:
        failures.append(str(e))
    except (KeyboardInterrupt, SystemExit):
        failures.append("stopped by a signal")
    finally:
        if directory:
            shutil.rmtree(directory, ignore_errors=True)
    for failure in failures:
        say(f"could not be measured: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
