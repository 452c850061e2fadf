"""Part suspended: the memory of many orders that wait for an hour."""
import json
import subprocess
import time

from bench.bench import MB
from hub_processes import Failure


def measure_suspended(bench):
    for _ in bench.each_run("suspended"):
        measure_one_suspended(bench)


def measure_one_suspended(bench):
    """Orders are charged, then their label is refused until in an hour, and nobody loses
    patience before: order and shipment both wait."""
    refusal = {"vendor": "shippo", "operation": "label", "always": True, "effect": "status",
               "status": 429, "headers": {"retry-after": "3600"}}
    count, at_once = bench.a.suspended, 5_000
    add = bench.figures.add
    with bench.world(0, {"ORDERHUB_LABEL_TIMEOUT": "1h"}) as w:
        w.mock.control({"faults": [refusal]})
        w.hub.start()
        disk = w.hub.disk_bytes()
        for first in range(0, count, at_once):
            bench.load(w.hub, "--send", "--connections", 64, "--first-key", first, "--requests",
                       min(at_once, count - first)).finish(w.hub)
            bench.wait_until_idle(w.hub, active_max=500)
        bench.wait_until_idle(w.hub)
        # Past the checkpoint interval (10 s): everything is folded and the log is trimmed.
        time.sleep(2 if bench.a.quick else 12)
        bench.add_memory("suspended", *w.hub.process.memory_kb())
        # Part of it: records that are not folded into rows yet.
        add("suspended.overlay", "MB",
            w.hub.metrics()["orderhub_journal_overlay_bytes"] / MB / 1024)
        add("suspended.disk", "bytes each", (w.hub.disk_bytes() - disk) / count)
        w.stop_hub()
        check_suspended(bench, w, count)
        add("suspended.restarted.ready", "s", w.hub.start(timeout=300))
        peak = peak_until_quiet(w.hub)
        bench.add_memory("suspended.restarted.peak", *peak)
        bench.add_memory("suspended.restarted", *w.hub.process.memory_kb())
        w.stop_hub()
        check_suspended(bench, w, count)


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


def check_suspended(bench, w, count):
    """That they are what they are taken for: each with a timer, charged and without a label."""
    stats = subprocess.run([str(bench.program), "journal", "stats", "--data-dir",
                            str(w.hub.data)], capture_output=True, text=True, check=False)
    if stats.returncode != 0:
        raise Failure(f"orderhub journal stats: {stats.stdout}{stats.stderr}")
    timers = json.loads(stats.stdout)["rows"]["tm"]
    done = w.mock.counters()
    charges, asked = done["totals"]["charge"], done["requests"]["shippo.label"]
    if timers < count or charges != count or asked != count:
        raise Failure(f"of {count} orders that should wait, {timers} have a timer, {charges} "
                      f"are charged, and their labels were asked for {asked} times")
