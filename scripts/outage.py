#!/usr/bin/env python3
"""What a vendor's outage costs the real hub, and whether everything ends well after it.

  outage  N orders while Stripe answers every charge with 503, and again with 429: objects in memory,
          memory, CPU and vendor calls over the outage. Then Stripe is back.
  hang    N orders while Shippo answers after 25 s: how long a fresh order waits for its charge,
          beside the same without that. Then Shippo is back.
  limited N orders while Shippo takes 100 calls a second, which the hub is told (SHIPPO_WRITE_LIMIT), and
          again while it is not and Shippo answers 429: calls in the fullest second, refusals, memory, and
          how long a fresh order waits for its charge at Stripe, beside the same without that.

Only counts decide: after each part every order must be confirmed, with one charge and one label.
Exit status: 0 all did, 1 one did not, 2 the run could not be made.
"""
import argparse
import collections
import concurrent.futures
import http.client
import json
import pathlib
import shutil
import sys
import tempfile
import threading
import time

from hub_processes import Failure, Hub, Mock, check_tools, find_program, request

HANG_MS = 25_000
LIMIT = 100            # Calls a second that a limited Shippo takes.
FRESH = 60             # Orders whose charge is timed.
FRESH_EVERY_S = 0.05
SENDERS = 16


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--orders", type=int, default=1000, help="orders in each outage (default 1000)")
    p.add_argument("--seconds", type=float, default=20,
                   help="how long Stripe's outage is watched (default 20)")
    p.add_argument("--only", choices=["outage", "hang", "limited"], help="one part only")
    p.add_argument("--patience", type=float, default=300,
                   help="seconds for the last order to end after an outage (default 300)")
    p.add_argument("--program", help="the hub (default: build/release/orderhub)")
    p.add_argument("--keep", action="store_true", help="keep logs, journals and ledgers")
    a = p.parse_args()
    if a.orders < 1 or a.seconds <= 0:
        p.error("--orders and --seconds must be positive")
    return a


def say(text):
    print(text, flush=True)


def body(number):
    return json.dumps({
        "items": [{"productId": "sku-1", "quantity": 1, "price": 1000 + number % 1000}],
        "customer": {"email": "a@example.com", "name": "A Buyer"},
        "shipping": {"street": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701",
                     "country": "US"},
    }).encode()


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class World:
    """Mock vendors and a hub, fresh."""

    def __init__(self, arguments, program, directory, settings):
        self.a = arguments
        self.directory = directory
        directory.mkdir()
        self.mock = Mock(program, directory)
        environment = self.mock.vendor_environment()
        environment["ORDERHUB_DISABLE"] = "slack"  # What is measured is Stripe and Shippo.
        environment.update(settings)
        self.hub = Hub(program, directory, environment)
        self.hub.start()
        self.keys = []
        self.violations = []

    def close(self):
        for process in (self.hub.process, self.mock.process):
            if process and process.alive():
                process.kill()

    def faults(self, *rules):
        self.mock.control({"clear": True, "faults": [dict(r, always=True) for r in rules]})

    def send(self, key, number):
        """Until it is accepted; a hub that is full says when to come back."""
        deadline = time.monotonic() + 60
        while True:
            try:
                status, headers, answer = request(
                    self.hub.port, "POST", f"/OrderOrchestrator/{key}/ProcessOrder/send",
                    body(number))
            except (OSError, http.client.HTTPException) as why:
                status, headers, answer = 503, {}, str(why).encode()
            if status == 202:
                self.keys.append(key)
                return
            if status not in (429, 503) or time.monotonic() > deadline:
                raise Failure(f"{key}: {status} {answer[:200]!r}")
            time.sleep(float(headers.get("Retry-After", "0.1") or "0.1"))

    def send_all(self, prefix, count):
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(SENDERS) as pool:
            for done in [pool.submit(self.send, f"{prefix}-{n}", n) for n in range(count)]:
                done.result()
        return time.monotonic() - begin

    def finish(self):
        """Waits until every order is confirmed and nothing of it is open; the seconds that took."""
        begin = time.monotonic()
        left = list(self.keys)
        last = {}
        while left and time.monotonic() - begin < self.a.patience:
            if not self.hub.process.alive():
                raise Failure(f"the hub ended by itself:\n{self.hub.process.log_tail()}")
            still = []
            for number, key in enumerate(left):
                status, _, answer = request(self.hub.port, "POST",
                                            f"/OrderOrchestrator/{key}/GetOrder")
                last[key] = json.loads(answer) if status == 200 else {"status": status}
                if last[key]["status"] != "confirmed" or last[key].get("pending"):
                    still.append(key)
                # One that waits is asked again before the rest is: the rest waits too, mostly.
                if len(still) >= 20:
                    still += left[number + 1:]
                    break
            left = still
            if left:
                time.sleep(0.2)
        for key in left:
            order = last.get(key, {})
            self.violations.append(f"{key} did not end: "
                                   f"{ {k: order.get(k) for k in ('status', 'pending', 'attention')} }")
        took = time.monotonic() - begin
        while self.mock.counters().get("late_pending", 0) and time.monotonic() - begin < took + 60:
            time.sleep(0.2)
        return took

    def judge(self):
        did = collections.defaultdict(collections.Counter)
        for effect in self.mock.ledger()["effects"]:
            did[effect.get("order_id", "")][effect["kind"]] += 1
        for key in self.keys:
            for kind in ("charge", "label"):
                if did[key][kind] != 1:
                    self.violations.append(f"{key}: {did[key][kind]} times {kind}")
            if did[key]["refund"]:
                self.violations.append(f"{key}: refunded")
        for key in did:
            if key not in self.keys:
                self.violations.append(f"the vendors know {key!r}, no client sent it")


class Watch(threading.Thread):
    """Objects in memory and resident memory, four times a second."""

    def __init__(self, hub):
        super().__init__(daemon=True)
        self.hub = hub
        self.active, self.memory_mb = [], []
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.25):
            try:
                self.active.append(int(self.hub.metrics()["orderhub_objects_active"]))
                self.memory_mb.append(self.hub.process.memory_kb()[0] / 1024)
            except (OSError, http.client.HTTPException, Failure):
                continue

    def end(self):
        self.over.set()
        self.join()


def outage(world, status):
    """N orders while each charge is answered with `status`."""
    a = world.a
    world.faults({"vendor": "stripe", "operation": "charge", "effect": "status", "status": status})
    idle_mb = world.hub.process.memory_kb()[0] / 1024
    took = world.send_all("o", a.orders)
    # First all of them begin; then what the outage itself costs.
    time.sleep(2)
    watch = Watch(world.hub)
    watch.start()
    cpu, calls = world.hub.process.cpu_seconds(), world.hub.metrics()["orderhub_vendor_calls_total"]
    begin = time.monotonic()
    time.sleep(a.seconds)
    seconds = time.monotonic() - begin
    cpu = world.hub.process.cpu_seconds() - cpu
    calls = world.hub.metrics()["orderhub_vendor_calls_total"] - calls
    watch.end()
    say(f"outage {status}: {a.orders} orders accepted in {took:.1f} s; over {seconds:.0f} s: "
        f"active objects {percentile(watch.active, 0.5)} (most {max(watch.active)}), "
        f"CPU {100 * cpu / seconds:.1f} % of a core, {calls / seconds:.0f} calls/s, "
        f"memory {percentile(watch.memory_mb, 0.5):.0f} MB (idle {idle_mb:.0f})")
    world.faults()
    took = world.finish()
    say(f"outage {status}: all ended {took:.1f} s after Stripe came back")


def time_charges(world, prefix):
    """Milliseconds from sending a fresh order to its charge at the vendor."""
    sent = {}
    for number in range(FRESH):
        key = f"{prefix}-{number}"
        sent[key] = time.time() * 1000
        world.send(key, number)
        time.sleep(FRESH_EVERY_S)
    deadline = time.monotonic() + 90
    while True:
        charged = {e["order_id"]: e["at_ms"] for e in world.mock.ledger()["effects"]
                   if e["kind"] == "charge" and e.get("order_id") in sent}
        if len(charged) == FRESH:
            return [charged[key] - sent[key] for key in sent]
        if time.monotonic() > deadline:
            world.violations.append(f"{FRESH - len(charged)} fresh orders were not charged")
            return [charged[key] - sent[key] for key in charged] or [float("inf")]
        time.sleep(0.1)


def hang(world):
    """N orders while Shippo hangs, and fresh ones beside them."""
    a = world.a
    calm = time_charges(world, "calm")
    world.faults(*({"vendor": "shippo", "operation": operation, "effect": "latency",
                    "latency_ms": HANG_MS}
                   for operation in ("shipment", "label", "list_labels")))
    world.send_all("h", a.orders)
    time.sleep(1)
    watch = Watch(world.hub)
    watch.start()
    beside = time_charges(world, "fresh")
    watch.end()
    for name, values in (("without", calm), ("beside", beside)):
        say(f"hang: charge of a fresh order {name} a hung Shippo: "
            f"p50 {percentile(values, 0.5):.0f} ms, p99 {percentile(values, 0.99):.0f} ms")
    say(f"hang: {a.orders} orders wait for Shippo: active objects most {max(watch.active)}, "
        f"memory {max(watch.memory_mb):.0f} MB")
    world.faults()
    took = world.finish()
    say(f"hang: all ended {took:.1f} s after Shippo came back")


def limited(world, known):
    """N orders while Shippo takes so many calls a second, and fresh ones beside them."""
    a = world.a
    name = "known" if known else "not announced"
    calm = time_charges(world, "calm")
    world.mock.control({"calls_per_second": {"shippo": LIMIT}})
    world.send_all("l", a.orders)
    watch = Watch(world.hub)
    watch.start()
    beside = time_charges(world, "fresh")
    took = world.finish()
    watch.end()
    counters = world.mock.counters()
    most = counters.get("most_in_a_second", {}).get("shippo", 0)
    refused = counters.get("limited", {}).get("shippo", 0)
    for what, values in (("without", calm), ("beside", beside)):
        say(f"limited, {name}: charge of a fresh order {what} a limited Shippo: "
            f"p50 {percentile(values, 0.5):.0f} ms, p99 {percentile(values, 0.99):.0f} ms")
    say(f"limited, {name}: {a.orders} orders ended {took:.1f} s later; at most {most} calls in a second "
        f"of {LIMIT}, {refused} refused; active objects most {max(watch.active)}, "
        f"memory {max(watch.memory_mb):.0f} MB")
    if known and most > LIMIT + LIMIT // 5:
        world.violations.append(f"Shippo saw {most} calls in a second")


def main():
    a = parse_arguments()
    check_tools()
    program = find_program(a.program)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="orderhub-outage-"))
    parts = [("outage-503", lambda w: outage(w, 503), {}),
             ("outage-429", lambda w: outage(w, 429), {}),
             ("hang", hang, {}),
             ("limited-known", lambda w: limited(w, True), {"SHIPPO_WRITE_LIMIT": f"{LIMIT}/s"}),
             ("limited", lambda w: limited(w, False), {})]
    violations = 0
    try:
        for name, part, settings in parts:
            if a.only and not name.startswith(a.only):
                continue
            world = World(a, program, directory / name, settings)
            try:
                part(world)
                world.judge()
            finally:
                world.close()
            for text in world.violations[:20]:
                say(f"{name}: {text}")
            violations += len(world.violations)
            say(f"{name}: {len(world.keys)} orders, {len(world.violations)} violations")
    except Failure as why:
        print(f"outage: {why}", file=sys.stderr)
        return 2
    finally:
        if a.keep:
            say(f"kept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
