#!/usr/bin/env python3
"""Kills the real hub while real orders run against faulty vendors; checks what the vendors did.

The hub and the mock vendors are separate processes and the clients are real HTTP. From the seed
come the orders, the moments of SIGKILL and the vendors' faults (the operating system's scheduling
is not ours to repeat). At the end every order must be terminal, and the mock vendors' ledger,
which only tells what they really did, must agree with the orders.

--hang VENDOR: for more than half of the load that vendor accepts every call and answers late or
never, while other orders go on. The report then has the time from an order's request to its charge,
for orders from before and from within that time; it is no condition.

--clock-steps: the hub's wall clock steps by a second, ten minutes or a day, forward and back, at
moments of the seed and between a kill and the next start. The vendors' clocks and all that is judged
by stay right.

Exit status: 0 all guarantees held, 1 one was broken, 2 the run could not be made.
"""
import argparse
import bisect
import collections
import http.client
import json
import pathlib
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from hub_processes import (Failure, Hub, Mock, ShiftedClock, check_tools, find_program, request)

ABSENCE_MS = 1500     # Look-ups prove absence after this; late work is done sooner.
LATE_MS_MAX = 600
TERMINAL = {"confirmed", "payment_failed", "cancelled"}
# Faults after which nobody but the vendor knows whether the work was done.
LOSES_ANSWER = {"drop_after", "garbage", "truncate", "late_work", "stored_500_done", "hang"}
# An answer that is this late may come after the hub has given the call up.
HANG_MS_MIN = 10_000
# Later than any deadline of the hub, so for the hub never. Not for ever: as long as Stripe works on a
# call, its key answers 409.
NEVER_MS = 70_000
CLOCK_STEPS_MS = [sign * ms for ms in (1_000, 600_000, 86_400_000) for sign in (1, -1)]
ANY = ["drop_before", "drop_after", "late_work", "garbage", "truncate", "500", "503", "429",
       "latency"]
FAULTS = [
    ("stripe", "charge", ANY + ["stored_500", "stored_500_done"]),
    ("stripe", "refund", ANY),
    ("stripe", "retrieve", ["500", "503", "drop_before", "garbage", "latency"]),
    ("stripe", "list", ["500", "503", "drop_before", "garbage", "latency"]),
    ("shippo", "shipment", ANY),
    ("shippo", "label", ANY + ["stored_500_done"]),
    ("shippo", "label_refund", ANY),
    ("shippo", "list_labels", ["500", "503", "drop_before", "garbage", "latency"]),
    ("sendgrid", "mail", ANY),
    ("slack", "message", ANY),
    ("slack", "history", ["500", "503", "drop_before", "garbage", "latency"]),
]


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seed", type=int, help="default: drawn, and printed")
    p.add_argument("--kills", type=int, default=10, help="SIGKILLs of the hub (default 10)")
    p.add_argument("--orders", type=int, default=300, help="orders (default 300)")
    p.add_argument("--break", dest="broken", choices=["unstable-keys", "absence-zero"],
                   help="break the hub on purpose; the run must then fail")
    p.add_argument("--hang", choices=["stripe", "shippo", "sendgrid", "slack"],
                   help="this vendor hangs for a while")
    p.add_argument("--hang-answer", type=float, metavar="SECONDS",
                   help="how late it then answers; 0: never (default: half of the calls after 28 s, "
                        "half never)")
    p.add_argument("--clock-steps", type=int, nargs="?", const=10, default=0, metavar="N",
                   help="steps of the hub's wall clock (10 where N is not given)")
    p.add_argument("--program", help="the hub (default: build/release/orderhub)")
    p.add_argument("--patience", type=float, default=120,
                   help="seconds for the last order to become terminal (default 120)")
    p.add_argument("--keep", action="store_true", help="keep the logs, the journal and the ledger")
    a = p.parse_args()
    if a.kills < 0 or a.orders < 1 or a.clock_steps < 0:
        p.error("--kills and --clock-steps must be at least 0 and --orders at least 1")
    if a.broken and (a.hang or a.clock_steps):
        p.error("--break goes with neither --hang nor --clock-steps")
    if a.seed is None:
        a.seed = random.SystemRandom().randrange(1, 2**31)
    return a


class Order:
    """What the clients do with one order, decided beforehand, and what they were told."""

    def __init__(self, number, rng, duration, calm):
        self.key = f"chaos-{number}" if rng.random() < 0.95 else f"chaos/{number}-\u00fc"
        self.start_at = rng.uniform(0, duration)
        draw = 1.0 if calm else rng.random()
        self.declined = draw < 0.08
        self.cancel_after = rng.uniform(0, 2.5) if 0.08 <= draw < 0.20 else None
        self.one_way = 0.20 <= draw < 0.30
        # Sent again by another client, at the same time or later.
        self.twin_after = rng.uniform(0, 1.5) if not calm and rng.random() < 0.2 else None
        self.request_key = f"request-{number}" if rng.random() < 0.3 else None
        self.walks_away = not calm and not self.one_way and rng.random() < 0.1
        self.amount = rng.randrange(100, 90000)
        self.quantity = rng.randrange(1, 4)
        self.lock = threading.Lock()
        self.sent_at = None    # Unix seconds, of the first ProcessOrder
        self.acknowledged = False
        self.cancel_acknowledged = False
        self.answers = []      # (status, parsed body) of ProcessOrder
        self.final = None      # GetOrder's answer
        self.final_status = 0  # and its HTTP status

    def body(self):
        value = {
            "items": [{"productId": "sku-1", "quantity": self.quantity, "price": self.amount}],
            "customer": {"email": "a@example.com", "name": "A Buyer"},
            "shipping": {"street": "1 Main St", "city": "Springfield", "state": "IL",
                         "zip": "62701", "country": "US"},
        }
        if self.declined:
            value["payment"] = {"method": "pm_card_chargeDeclined"}
        return json.dumps(value).encode()

    def path(self, handler):
        return f"/OrderOrchestrator/{urllib.parse.quote(self.key, safe='')}/{handler}"


class Run:
    def __init__(self, arguments):
        self.a = arguments
        self.rng = random.Random(arguments.seed)
        calm = arguments.broken is not None
        self.duration = max(arguments.kills * 1.0, arguments.orders / 40, 3.0)
        self.orders = [Order(i, random.Random(f"{arguments.seed}/{i}"), self.duration, calm)
                       for i in range(arguments.orders)]
        self.violations = collections.OrderedDict()  # counter name -> texts
        self.began_at = None
        self.kills = []       # Unix seconds
        self.recoveries = []  # seconds from SIGKILL to the first answer
        self.epochs = []      # (from, rules), Unix seconds, ascending
        # Seconds after the beginning: enough orders before it to compare with.
        self.hang = (self.duration * 0.25, self.duration * 0.85) if arguments.hang else None
        self.clock = None     # ShiftedClock
        self.clock_steps = []  # texts
        self.stop = threading.Event()
        self.client_errors = queue.SimpleQueue()

    def violate(self, counter, text):
        self.violations.setdefault(counter, []).append(text)

    def offset(self, at):
        return f"+{at - self.began_at:.3f} s"

    # ── Faults ──────────────────────────────────────────────────────────────────────────────

    def rule(self, rng, vendor, operation, what, probability):
        rule = {"vendor": vendor, "operation": operation, "probability": round(probability, 3)}
        if what in ("500", "503", "429"):
            rule.update(effect="status", status=int(what))
            if what == "429":
                rule["headers"] = {"retry-after": "1"}
        elif what == "latency":
            rule.update(effect="latency", latency_ms=rng.randrange(20, 800))
        elif what == "late_work":
            rule.update(effect="late_work", late_ms=rng.randrange(50, LATE_MS_MAX))
        else:
            rule["effect"] = what
        return rule

    def set_faults(self, rules):
        self.mock.control({"clear": True, "faults": rules})
        self.epochs.append((time.time(), rules))

    def hang_rules(self):
        """For every call of that vendor; the mock adds up the latencies that hit a call."""
        def rule(milliseconds, **when):
            return dict({"vendor": self.a.hang, "operation": "*", "effect": "latency",
                         "latency_ms": int(milliseconds)}, **when)
        if self.a.hang_answer is not None:
            return [rule(self.a.hang_answer * 1000 or NEVER_MS, always=True)]
        return [rule(28_000, always=True), rule(NEVER_MS, probability=0.5)]

    def inject_faults(self):
        """A new set of faults every second or so, until told to stop."""
        # While a vendor hangs it has no other fault, and the charge, whose time is measured, none
        # at all.
        faults = [f for f in FAULTS if not self.hang or
                  (f[0] != self.a.hang and f[:2] != ("stripe", "charge"))]
        rng = random.Random(f"{self.a.seed}/faults")
        if self.a.broken == "unstable-keys":
            self.set_faults([{"vendor": "stripe", "operation": "charge", "probability": 0.5,
                              "effect": "drop_after"}])
            return
        if self.a.broken == "absence-zero":
            self.set_faults([{"vendor": "shippo", "operation": "label", "probability": 0.7,
                              "effect": "late_work", "late_ms": 3000}])
            return
        while not self.stop.is_set():
            passed = time.time() - self.began_at
            rules = self.hang_rules() if self.hang and self.hang[0] <= passed < self.hang[1] else []
            for vendor, operation, effects in rng.sample(faults, rng.randrange(2, 6)):
                rules.append(self.rule(rng, vendor, operation, rng.choice(effects),
                                       rng.uniform(0.05, 0.5)))
            self.set_faults(rules)
            until_change = [at - passed for at in self.hang or () if at > passed]
            self.stop.wait(min([rng.uniform(0.4, 1.5)] + until_change))

    # ── The hub's wall clock ────────────────────────────────────────────────────────────────

    def step_clock(self, rng, where=""):
        step = rng.choice(CLOCK_STEPS_MS)
        self.clock.step(step)
        self.clock_steps.append(f"{step / 1000:+.0f} s at {self.offset(time.time())}{where}")

    def step_clock_at_moments(self):
        """From the seed; until told to stop."""
        rng = random.Random(f"{self.a.seed}/clock")
        for moment in sorted(rng.uniform(0.3, self.duration) for _ in range(self.a.clock_steps)):
            if self.stop.wait(max(0.0, self.began_at + moment - time.time())):
                return
            self.step_clock(rng)

    # ── Clients ─────────────────────────────────────────────────────────────────────────────

    def exchange(self, order, handler, body, request_key, once=False):
        """Asks until there is a real answer: (status, body), or None where it gave up."""
        path = order.path(handler)
        headers = {"Idempotency-Key": request_key} if request_key else {}
        # Recovery may take as long as the patience; no client asks for ever.
        give_up = time.monotonic() + self.duration * 3 + self.a.patience
        while time.monotonic() < give_up:
            try:
                status, answer_headers, answer = request(self.hub.port, "POST", path, body, headers,
                                                         timeout=75)
            except (OSError, http.client.HTTPException):
                if once:
                    return None
                time.sleep(0.05)
                continue
            if status in (429, 503):
                if once:
                    return None
                time.sleep(min(1.0, float(answer_headers.get("Retry-After", "0.2") or "0.2")))
                continue
            try:
                return status, json.loads(answer) if answer else None
            except ValueError:
                self.violate("wrong answers", f"{order.key} {handler}: {status}, not JSON")
                return status, None
        return None

    def place(self, order, twin):
        if not twin:
            order.sent_at = time.time()
        handler = "ProcessOrder/send" if order.one_way else "ProcessOrder"
        answer = self.exchange(order, handler, order.body(), order.request_key,
                               once=order.walks_away and not twin)
        if answer is None:
            return
        status, value = answer
        with order.lock:
            order.answers.append(answer)
            if status in (200, 202, 504):
                order.acknowledged = True
            elif status == 409 and order.cancel_after is not None:
                order.acknowledged = True
            else:
                self.violate("wrong answers", f"{order.key} {handler}: {status} {value}")

    def cancel(self, order):
        give_up = time.monotonic() + self.duration + 30
        while time.monotonic() < give_up:
            answer = self.exchange(order, "CancelOrder", None, None)
            if answer is None:
                return
            status, value = answer
            if status == 404 and not (order.walks_away and order.acknowledged is False and
                                      self.stop.is_set()):
                time.sleep(0.1)  # The order is still on its way.
                continue
            if status == 200:
                order.cancel_acknowledged = True
            elif status not in (404, 504):
                self.violate("wrong answers", f"{order.key} CancelOrder: {status} {value}")
            return

    def clients(self):
        """Runs all clients' actions at their times on a fixed number of threads."""
        actions = []
        for order in self.orders:
            actions.append((order.start_at, self.place, (order, False)))
            if order.twin_after is not None:
                actions.append((order.start_at + order.twin_after, self.place, (order, True)))
            if order.cancel_after is not None:
                actions.append((order.start_at + order.cancel_after, self.cancel, (order,)))
        actions.sort(key=lambda action: action[0])
        due = queue.SimpleQueue()

        def work():
            while True:
                action = due.get()
                if action is None:
                    return
                try:
                    action[1](*action[2])
                except Exception as e:  # A fault of this program: reported, never swallowed.
                    self.client_errors.put(e)

        # Orders in doubt hold their caller for seconds, so there are more threads than orders a
        # second; where a vendor hangs, every order may be.
        count = max(96, min(len(actions), 600)) if self.hang else 96
        threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
        for t in threads:
            t.start()

        def feed():
            for action in actions:
                self.sleep_until(self.began_at + action[0])
                due.put(action)
            for _ in threads:
                due.put(None)

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        return [feeder] + threads

    @staticmethod
    def sleep_until(at):
        left = at - time.time()
        if left > 0:
            time.sleep(left)

    # ── Kills ───────────────────────────────────────────────────────────────────────────────

    def kill_and_restart(self):
        """All kills of the run, in the main thread: children belong to the thread that made them."""
        moments = sorted(self.rng.uniform(0.3, self.duration) for _ in range(self.a.kills))
        killed_in_recovery = False
        first_kill = None
        clock_rng = random.Random(f"{self.a.seed}/clock while down")
        for number, moment in enumerate(moments):
            if not killed_in_recovery:
                self.sleep_until(self.began_at + moment)
            if not self.hub.process.alive():
                raise Failure(f"the hub ended by itself with status "
                              f"{self.hub.process.child.returncode}:\n"
                              f"{self.hub.process.log_tail()}")
            at = self.hub.process.kill()
            self.kills.append(at)
            first_kill = first_kill or at
            time.sleep(self.rng.choice([0, 0, self.rng.uniform(0, 0.4)]))
            if self.a.clock_steps and clock_rng.random() < 0.5:
                self.step_clock(clock_rng, ", while the hub was down")
            # Some kills hit while the hub recovers from the one before.
            killed_in_recovery = number + 1 < len(moments) and self.rng.random() < 0.2
            if killed_in_recovery:
                self.hub.spawn()
                time.sleep(self.rng.uniform(0.005, 0.15))
                continue
            self.hub.start()
            self.recoveries.append(time.time() - first_kill)
            first_kill = None

    # ── The end ─────────────────────────────────────────────────────────────────────────────

    def is_finished(self, order):
        try:
            status, _, answer = request(self.hub.port, "POST", order.path("GetOrder"), timeout=30)
        except (OSError, http.client.HTTPException):
            return False
        if status == 404:
            order.final_status = 404
            return True
        if status != 200:
            return False
        value = json.loads(answer)
        order.final, order.final_status = value, 200
        return (value.get("status") in TERMINAL and not value.get("pending") and
                not value.get("in_doubt") and
                (not order.cancel_acknowledged or value["status"] == "cancelled"))

    def wait_until_finished(self):
        deadline = time.monotonic() + self.a.patience
        open_orders = list(self.orders)
        while open_orders:
            open_orders = [o for o in open_orders if not self.is_finished(o)]
            if not self.hub.process.alive():
                raise Failure(f"the hub ended by itself:\n{self.hub.process.log_tail()}")
            if not open_orders or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        for order in open_orders:
            final = order.final or {}
            self.violate("not terminal", f"{order.key}: {order.final_status} "
                         f"{ {k: final.get(k) for k in ('status', 'pending', 'in_doubt')} }")
        # What the vendors still do by themselves counts too.
        while self.mock.counters().get("late_pending", 0) and time.monotonic() < deadline + 10:
            time.sleep(0.1)

    # ── The verdict ─────────────────────────────────────────────────────────────────────────

    def cause_of_repeat(self, kind, times):
        """Why something was done at each of `times` (Unix seconds), or None."""
        vendor, operation = {"mail": ("sendgrid", "mail"), "message": ("slack", "message"),
                             "shipment": ("shippo", "shipment")}[kind]
        causes = []
        for first, second in zip(times, times[1:]):
            # Late work is noted when it is done, which is later than it was asked for.
            lost = self.lost_answers(vendor, operation, first - LATE_MS_MAX / 1000, first)
            at_once = self.lost_answers(vendor, operation, first, first)
            asked = first - LATE_MS_MAX / 1000 if "late_work" in lost else first - 0.02
            kill = next((k for k in self.kills if first - 0.02 <= k <= second), None)
            if kill is None and not at_once:
                kill = next((k for k in self.kills if asked <= k <= second), None)
            if kill is not None:
                causes.append(f"killed at {self.offset(kill)}")
            elif at_once or "late_work" in lost:
                causes.append(f"answer lost ({(at_once or ['late_work'])[0]})")
            else:
                return None
        return ", ".join(causes)

    def lost_answers(self, vendor, operation, begin, end):
        """Effects that may have cost an answer of that operation in [begin, end]."""
        effects = []
        for r in self.rules_at(begin, end):
            hangs = r["effect"] == "latency" and r["latency_ms"] >= HANG_MS_MIN
            if r["vendor"] == vendor and r["operation"] in (operation, "*"):
                effects.append("hang" if hangs else r["effect"])
        return [e for e in effects if e in LOSES_ANSWER]

    def rules_at(self, begin, end):
        """Rules in force at any time in [begin, end] (Unix seconds)."""
        starts = [at for at, _ in self.epochs]
        first = max(0, bisect.bisect_right(starts, begin) - 1)
        last = bisect.bisect_right(starts, end + 0.05)
        return [rule for _, rules in self.epochs[first:last] for rule in rules]

    def judge(self, ledger):
        by_order = collections.defaultdict(lambda: collections.defaultdict(list))
        for effect in ledger["effects"]:
            by_order[effect.get("order_id", "")][effect["kind"]].append(effect)
        known = {order.key for order in self.orders}
        for key in by_order:
            if key not in known:
                self.violate("strange effects", f"the vendors know {key!r}, no client sent it")
        self.repeats = collections.Counter()
        self.statuses = collections.Counter()
        for order in self.orders:
            self.judge_order(order, by_order[order.key])
        if ledger.get("dropped"):
            self.violate("strange effects", "the mock's ledger overflowed")

    def judge_order(self, order, did):
        count = {kind: len(did[kind]) for kind in
                 ("charge", "refund", "cancel_intent", "label", "label_refund")}
        final = order.final
        if final is None:
            if order.acknowledged:
                self.violate("lost", f"{order.key} was acknowledged and is unknown")
            if any(count.values()):
                self.violate("lost", f"{order.key} is unknown and the vendors did {count}")
            return
        status = final.get("status")
        self.statuses[status] += 1
        if count["charge"] > 1:
            self.violate("double charges", f"{order.key} ({status}): {self.told(did['charge'])}")
        if count["label"] > 1:
            self.violate("double labels", f"{order.key} ({status}): {self.told(did['label'])}")
        if count["refund"] > 1:
            self.violate("double refunds", f"{order.key} ({status}): {self.told(did['refund'])}")
        if count["label_refund"] > 1:
            self.violate("double refunds", f"{order.key}: {self.told(did['label_refund'])}")

        expected = None
        if status == "confirmed":
            expected = {"charge": 1, "refund": 0, "label": 1, "label_refund": 0}
            if order.cancel_acknowledged:
                self.violate("lost", f"{order.key}: an acknowledged cancel is not there")
            if not did["mail"]:
                self.violate("missing", f"{order.key} is confirmed without a mail")
        elif status == "payment_failed":
            expected = {"charge": 0, "refund": 0, "label": 0, "label_refund": 0}
            if not order.declined:
                self.violate("wrong ends", f"{order.key}: payment failed, its card is good")
        elif status == "cancelled":
            if order.cancel_after is None:
                self.violate("wrong ends", f"{order.key}: cancelled, nobody asked for it")
            expected = {"refund": min(count["charge"], 1), "label_refund": min(count["label"], 1)}
            # A payment that was cancelled before it was captured was never a charge.
        for kind, wanted in (expected or {}).items():
            if count[kind] < wanted:
                self.violate("missing", f"{order.key} is {status} with {count[kind]} of {wanted} "
                             f"{kind}")
            elif count[kind] > wanted and count[kind] <= 1:
                self.violate("wrong ends", f"{order.key} is {status} with a {kind}")
        if order.declined and status != "payment_failed" and status in TERMINAL:
            self.violate("wrong ends", f"{order.key}: {status}, its card is declined")
        if final.get("attention"):
            self.violate("attention", f"{order.key}: {final['attention']}")
        if status == "confirmed":
            self.judge_ids(order, did)
        self.judge_answers(order)
        for kind in ("mail", "message"):
            self.judge_repeats(order, kind, did[kind])

    def told(self, effects):
        return ", ".join(f"{e['id']} at {self.offset(e['at_ms'] / 1000)} (step {e.get('step')}, "
                         f"attempt {e.get('attempt')})" for e in effects)

    def judge_ids(self, order, did):
        charge, label = order.final.get("chargeId"), order.final.get("labelId")
        if did["charge"] and charge not in [e.get(k) for e in did["charge"] for k in ("charge", "id")]:
            self.violate("wrong ids", f"{order.key}: chargeId {charge}, the vendor did "
                         f"{self.told(did['charge'])}")
        if did["label"] and label not in [e.get("id") for e in did["label"]]:
            self.violate("wrong ids", f"{order.key}: labelId {label}, the vendor did "
                         f"{self.told(did['label'])}")
        total = order.amount * order.quantity
        if did["charge"] and did["charge"][0].get("amount") not in (None, total):
            self.violate("wrong ids", f"{order.key}: charged {did['charge'][0]['amount']}, not "
                         f"{total}")

    def judge_answers(self, order):
        told = [value for status, value in order.answers if status == 200 and value]
        for value in told:
            for field in ("chargeId", "trackingNumber"):
                if value.get(field) and value[field] != order.final.get(field):
                    self.violate("wrong answers", f"{order.key}: a client was told {field} "
                                 f"{value[field]}, the order says {order.final.get(field)}")
        if order.request_key and order.cancel_after is None:
            for value in told[1:]:
                if value != told[0]:
                    self.violate("wrong answers", f"{order.key}: one idempotency-key, two answers:"
                                 f" {told[0]} and {value}")

    def judge_repeats(self, order, kind, effects):
        by_step = collections.defaultdict(list)
        for effect in effects:
            by_step[effect.get("step", "")].append(effect)
        for step, same in sorted(by_step.items()):
            if len(same) < 2:
                continue
            times = sorted(e["at_ms"] / 1000 for e in same)
            cause = self.cause_of_repeat(kind, times)
            what = (f"{kind} {step} of {order.key} {len(same)} times, at " +
                    ", ".join(self.offset(t) for t in times))
            if cause is None:
                self.violate("causeless repeats", what)
            else:
                self.repeats[kind] += len(same) - 1
                print(f"repeat: {what}: {cause}")

    # ── All of it ───────────────────────────────────────────────────────────────────────────

    def make(self, directory):
        environment = {"ORDERHUB_ABSENCE_AFTER": f"{ABSENCE_MS}ms", "ORDERHUB_LOG_LEVEL": "info"}
        if self.a.broken == "unstable-keys":
            environment["ORDERHUB_TEST_UNSTABLE_KEYS"] = "1"
        elif self.a.broken == "absence-zero":
            environment["ORDERHUB_ABSENCE_AFTER"] = "0ms"
        program = find_program(self.a.program)
        self.mock = Mock(program, directory, seed=self.a.seed)
        environment.update(self.mock.vendor_environment())
        if self.a.clock_steps:
            self.clock = ShiftedClock(directory / "clock",
                                      program.parent / "liborderhub_clock_shift.so")
            environment.update(self.clock.environment())
        self.hub = Hub(program, directory, environment)
        try:
            self.hub.start()
            self.began_at = time.time()
            clock = threading.Thread(target=self.step_clock_at_moments, daemon=True)
            clock.start()
            threads = self.clients()
            faults = threading.Thread(target=self.inject_faults, daemon=True)
            faults.start()
            self.kill_and_restart()
            self.sleep_until(self.began_at + self.duration)
            self.stop.set()
            faults.join()
            clock.join()
            if not self.a.broken:
                self.set_faults([])
            client_deadline = time.monotonic() + self.a.patience
            for t in threads:
                t.join(max(0.0, client_deadline - time.monotonic()))
            if any(t.is_alive() for t in threads):
                self.violate("not terminal", "clients still wait for an answer")
            if not self.client_errors.empty():
                raise self.client_errors.get()
            if self.a.broken:
                self.set_faults([])
            load_ended_at = time.time()
            self.wait_until_finished()
            self.finish_s = time.time() - load_ended_at
            ledger = self.mock.ledger()
            (directory / "ledger.json").write_text(json.dumps(ledger))
            self.judge(ledger)
            self.print_counts(ledger)
            self.stop_cleanly(program)
        finally:
            for process in (self.hub.process, self.mock.process):
                if process and process.alive():
                    process.kill()

    def stop_cleanly(self, program):
        status = self.hub.process.terminate()
        if status != 0:
            self.violate("wrong ends", f"the hub's status after SIGTERM is {status}")
        verify = subprocess.run([str(program), "journal", "verify", "--data-dir",
                                 str(self.hub.data)], capture_output=True, timeout=120, check=False)
        if verify.returncode != 0:
            self.violate("damaged", "journal verify: " +
                         (verify.stdout + verify.stderr)[-500:].decode(errors="replace"))
        events = collections.Counter()
        with open(self.hub.process.log, "rb") as log:
            for line in log:
                try:
                    event = json.loads(line)
                except ValueError:
                    self.violate("log", "the hub wrote no event: " +
                                 line[:300].decode(errors="replace").strip())
                    continue
                if event.get("level") == "error":
                    events[event.get("event")] += 1
        for name, count in events.items():
            self.violate("log", f"{count} error events {name}")

    def charge_latencies(self, ledger, begin, end):
        """Seconds from an order's request to its charge, ascending, of orders sent in [begin, end]
        (seconds after the beginning), and how many were left out because a kill came between."""
        charged = {e.get("order_id"): e["at_ms"] / 1000 for e in ledger["effects"]
                   if e["kind"] == "charge"}
        latencies, left_out = [], 0
        for order in self.orders:
            at = charged.get(order.key)
            if at is None or order.sent_at is None:
                continue
            if not begin <= order.sent_at - self.began_at <= end:
                continue
            if any(order.sent_at <= kill <= at for kill in self.kills):
                left_out += 1
            else:
                latencies.append(at - order.sent_at)
        return sorted(latencies), left_out

    def print_hang(self, ledger):
        begin, end = self.hang
        late = ("half of the calls answered after 28 s, half never"
                if self.a.hang_answer is None else f"answers after {self.a.hang_answer:.0f} s"
                if self.a.hang_answer else "no answers")
        print(f"hang of {self.a.hang} from +{begin:.1f} s to +{end:.1f} s, {late}; from an order's "
              "request to its charge:")
        for name, span in (("before", (0, begin)), ("within", (begin, end))):
            latencies, left_out = self.charge_latencies(ledger, *span)
            if latencies:
                p50, p99 = (latencies[int(len(latencies) * q)] for q in (0.5, 0.99))
                print(f"  {name}: p50 {p50:.3f} s, p99 {p99:.3f} s, {len(latencies)} orders "
                      f"({left_out} with a kill between left out)")
            else:
                print(f"  {name}: no orders")

    def print_counts(self, ledger):
        if self.hang:
            self.print_hang(ledger)
        if self.clock:
            print(f"clock steps: {', '.join(self.clock_steps)}")
        print(f"orders: {dict(self.statuses)}")
        print(f"vendors: totals {ledger.get('totals')}, replays "
              f"{ledger.get('idempotent_replays')}, faults {ledger.get('faults')}")
        if self.recoveries:
            ordered = sorted(self.recoveries)
            print(f"recovery (SIGKILL to first answer): median {ordered[len(ordered) // 2]:.3f} s, "
                  f"longest {ordered[-1]:.3f} s; all orders terminal {self.finish_s:.1f} s after "
                  f"the load")


def main():
    a = parse_arguments()
    check_tools()
    print(f"chaos: seed {a.seed}, {a.orders} orders, {a.kills} kills"
          + (f", broken on purpose: {a.broken}" if a.broken else "")
          + (f", {a.hang} hangs" if a.hang else "")
          + (f", {a.clock_steps} clock steps" if a.clock_steps else ""), flush=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="orderhub-chaos-"))
    run = Run(a)
    try:
        run.make(directory)
    except Failure as e:
        print(f"chaos: {e}", file=sys.stderr)
        return 2
    finally:
        if a.keep:
            print(f"kept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    for counter, texts in run.violations.items():
        for text in texts[:20]:
            print(f"VIOLATION {counter}: {text}")
        if len(texts) > 20:
            print(f"VIOLATION {counter}: and {len(texts) - 20} more")
    counters = ["lost", "double charges", "double labels", "double refunds", "causeless repeats",
                "not terminal"]
    counters += [c for c in run.violations if c not in counters]
    print(f"chaos: {a.orders} orders, {len(run.kills)} kills, " +
          ", ".join(f"{len(run.violations.get(c, []))} {c}" for c in counters) +
          f", {run.repeats['mail']} mails and {run.repeats['message']} messages repeated with a "
          f"cause (seed {a.seed})")
    return 1 if run.violations else 0


if __name__ == "__main__":
    sys.exit(main())
