"""The vendors' faults: a new set every second or so, from the seed."""
import random
import time

LATE_MS_MAX = 600
# An answer that is this late may come after the hub has given the call up.
HANG_MS_MIN = 10_000
# Later than any deadline of the hub, so for the hub never. Not for ever: as long as Stripe works on
# a call, its key answers 409.
NEVER_MS = 70_000
# Faults after which nobody but the vendor knows whether the work was done.
LOSES_ANSWER = {"drop_after", "garbage", "truncate", "late_work", "stored_500_done", "hang"}
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
    ("twilio", "sms", ANY + ["stored_500_done"]),
    ("github", "deployment", ANY + ["stored_500_done"]),
    ("github", "list", ["500", "503", "drop_before", "garbage", "latency"]),
    ("github", "statuses", ["500", "503", "drop_before", "garbage", "latency"]),
    ("twilio", "list", ["500", "503", "drop_before", "garbage", "latency"]),
]


class Faults:
    """Tells the mock vendors what goes wrong; what was in force when is in the run's record."""

    def __init__(self, run, mock):
        self.run, self.mock = run, mock

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

    def set(self, rules):
        self.mock.control({"clear": True, "faults": rules})
        self.run.epochs.append((time.time(), rules))

    def hang_rules(self):
        """For every call of that vendor; the mock adds up the latencies that hit a call."""
        def rule(milliseconds, **when):
            return dict({"vendor": self.run.a.hang, "operation": "*", "effect": "latency",
                         "latency_ms": int(milliseconds)}, **when)
        if self.run.a.hang_answer is not None:
            return [rule(self.run.a.hang_answer * 1000 or NEVER_MS, always=True)]
        return [rule(28_000, always=True), rule(NEVER_MS, probability=0.5)]

    def mix_rules(self):
        """The first rule that hits a call decides, so each has its share of what is left."""
        fail, late, lost, after = self.run.a.mix
        every = {"vendor": "*", "operation": "*"}
        rules, left = [dict(every, effect="latency", latency_ms=400, probability=late)], 1.0
        for share, rule in [
                (lost, {"effect": "drop_after"}),
                (after, {"effect": "late_work", "late_ms": LATE_MS_MAX}),
                (fail / 4, {"effect": "drop_before"}),
                (fail / 4, {"effect": "status", "status": 500}),
                (fail / 4, {"effect": "status", "status": 503}),
                (fail / 4, {"effect": "status", "status": 429, "headers": {"retry-after": "1"}})]:
            if share:
                rules.append(dict(every, probability=share / left, **rule))
                left -= share
        return [rule for rule in rules if rule["probability"] > 0]

    def inject(self):
        """A new set of faults every second or so, until told to stop."""
        if self.run.a.mix:
            self.set(self.mix_rules())
            self.run.stop.wait()
            return
        # While a vendor hangs it has no other fault, and the charge, whose time is measured, none
        # at all.
        faults = [f for f in FAULTS if not self.run.hang or
                  (f[0] != self.run.a.hang and f[:2] != ("stripe", "charge"))]
        rng = random.Random(f"{self.run.a.seed}/faults")
        if self.run.a.broken == "unstable-keys":
            self.set([{"vendor": "stripe", "operation": "charge", "probability": 0.5,
                       "effect": "drop_after"}])
            return
        if self.run.a.broken == "absence-zero":
            self.set([{"vendor": "shippo", "operation": "label", "probability": 0.7,
                       "effect": "late_work", "late_ms": 3000}])
            return
        while not self.run.stop.is_set():
            passed = time.time() - self.run.began_at
            hangs = self.run.hang and self.run.hang[0] <= passed < self.run.hang[1]
            rules = self.hang_rules() if hangs else []
            for vendor, operation, effects in rng.sample(faults, rng.randrange(2, 6)):
                rules.append(self.rule(rng, vendor, operation, rng.choice(effects),
                                       rng.uniform(0.05, 0.5)))
            self.set(rules)
            until_change = [at - passed for at in self.run.hang or () if at > passed]
            self.run.stop.wait(min([rng.uniform(0.4, 1.5)] + until_change))
