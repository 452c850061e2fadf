"""The verdict: the orders beside the ledger, which only tells what the vendors really did."""
import collections

from chaos.causes import cause_of_repeat
from chaos.orders import TERMINAL


class Verdict:
    """Writes into the run's violations what is wrong, and counts what is not."""

    def __init__(self, run):
        self.run = run
        self.violate, self.offset = run.violate, run.offset
        self.repeats = collections.Counter()   # mail, message: repeated with a cause
        self.statuses = collections.Counter()  # of the orders

    def judge(self, ledger):
        by_order = collections.defaultdict(lambda: collections.defaultdict(list))
        for effect in ledger["effects"]:
            by_order[effect.get("order_id", "")][effect["kind"]].append(effect)
        known = {one.key for one in self.run.orders + self.run.deployments}
        for key in by_order:
            if key not in known:
                self.violate("strange effects", f"the vendors know {key!r}, no client sent it")
        for order in self.run.orders:
            self.judge_order(order, by_order[order.key])
        for deployment in self.run.deployments:
            self.judge_deployment(deployment, by_order[deployment.key]["deployment"])
        if ledger.get("dropped"):
            self.violate("strange effects", "the mock's ledger overflowed")

    def judge_deployment(self, deployment, effects):
        if len(effects) > 1:
            self.violate("double deployments", f"{deployment.key}: {self.told(effects)}")
        if deployment.final is None:
            if deployment.acknowledged:
                self.violate("lost", f"{deployment.key} was acknowledged and is unknown")
        elif deployment.final["status"] != "succeeded":
            self.violate("wrong ends", f"{deployment.key}: {deployment.final}")
        elif not effects:
            self.violate("missing", f"{deployment.key} has succeeded, GitHub has none")

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
        if status in ("confirmed", "delivered"):
            expected = {"charge": 1, "refund": 0, "label": 1, "label_refund": 0}
            if order.cancel_acknowledged:
                self.violate("lost", f"{order.key}: an acknowledged cancel is not there")
            if not did["mail"]:
                self.violate("missing", f"{order.key} is {status} without a mail")
        elif status == "payment_failed":
            expected = {"charge": 0, "refund": 0, "label": 0, "label_refund": 0}
            if not order.declined:
                self.violate("wrong ends", f"{order.key}: payment failed, its card is good")
        elif status == "cancelled":
            if order.cancel_after is None:
                self.violate("wrong ends", f"{order.key}: cancelled, nobody asked for it")
            if order.cancel_came_late:
                self.violate("wrong ends", f"{order.key}: cancelled, and its cancel was refused")
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
        if status in ("confirmed", "delivered"):
            self.judge_ids(order, did)
        self.judge_sms(order, did["sms"])
        self.judge_answers(order)
        for kind in ("mail", "message"):
            self.judge_repeats(order, kind, did[kind])

    def judge_sms(self, order, effects):
        """Twilio is asked whether it has sent one, so there is no cause for a second."""
        steps = collections.Counter(e.get("step") for e in effects)
        for step, count in steps.items():
            if count > 1:
                same = [e for e in effects if e.get("step") == step]
                self.violate("double SMS", f"{order.key}: {self.told(same)}")
        for step, became in (order.final.get("notices") or {}).items():
            if step.startswith("sms_") and became == "sent" and not steps[step]:
                self.violate("missing", f"{order.key}: {step} is sent, Twilio has none")
        if effects and not order.phone:
            self.violate("wrong ends", f"{order.key}: an SMS, and no phone")

    def told(self, effects):
        return ", ".join(f"{e['id']} at {self.offset(e['at_ms'] / 1000)} (step {e.get('step')}, "
                         f"attempt {e.get('attempt')})" for e in effects)

    def judge_ids(self, order, did):
        charge, label = order.final.get("chargeId"), order.final.get("labelId")
        charges = [e.get(k) for e in did["charge"] for k in ("charge", "id")]
        if did["charge"] and charge not in charges:
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
            cause = cause_of_repeat(self.run, kind, times)
            what = (f"{kind} {step} of {order.key} {len(same)} times, at " +
                    ", ".join(self.offset(t) for t in times))
            if cause is None:
                self.violate("causeless repeats", what)
            else:
                self.repeats[kind] += len(same) - 1
                print(f"repeat: {what}: {cause}")
