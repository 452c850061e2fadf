"""chaos.sh's verdict on made-up ledgers: what must be a violation is one, what may be is not."""
import collections
import contextlib
import io
import pathlib
import random
import sys
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from chaos.ending import Ending  # noqa: E402
from chaos.orders import Deployment  # noqa: E402
from chaos.run import Run  # noqa: E402
from chaos.verdict import Verdict  # noqa: E402
from chaos.webhooks import Told, events_in, judge_webhooks  # noqa: E402


def run_with(status, effects, *, kills=(), epochs=(), acknowledged=True, cancel=False,
             declined=False, final=True, attention=None, phone="+12175550100",
             notices=None):
    arguments = types.SimpleNamespace(seed=1, kills=0, orders=1, broken=None, patience=1,
                                      hang=None, clock_steps=0, webhooks=False)
    run = Run(arguments)
    run.began_at = 100.0
    run.kills, run.epochs = list(kills), list(epochs)
    order = run.orders[0]
    order.key, order.acknowledged, order.declined = "k", acknowledged, declined
    order.amount, order.quantity, order.request_key = 50, 2, None
    order.cancel_after = 1.0 if cancel else None
    order.cancel_acknowledged = cancel
    order.phone = phone
    if final:
        order.final = {"status": status, "chargeId": "pi_1", "labelId": "l1",
                       "attention": attention or [], "notices": notices or {}}
    ledger = {"effects": [dict({"order_id": "k", "step": "s", "kind": kind, "id": f"{kind}-{i}",
                                "at_ms": int(at * 1000)}, **more)
                          for i, (kind, at, more) in enumerate(effects)]}
    verdict = Verdict(run)
    with contextlib.redirect_stdout(io.StringIO()):
        verdict.judge(ledger)
    run.repeats = verdict.repeats
    return run


CHARGE = ("charge", 101, {"id": "pi_1", "amount": 100})
LABEL = ("label", 102, {"id": "l1"})
MAIL = ("mail", 103, {})
GOOD = [CHARGE, LABEL, MAIL]


def expect(run, *counters):
    assert set(run.violations) == set(counters), (run.violations, counters)


expect(run_with("confirmed", GOOD))
expect(run_with("delivered", GOOD))
expect(run_with("delivered", GOOD + [CHARGE]), "double charges")
expect(run_with("delivered", [CHARGE, MAIL]), "missing")
expect(run_with("confirmed", GOOD + [CHARGE]), "double charges")
expect(run_with("confirmed", GOOD + [LABEL]), "double labels")
expect(run_with("confirmed", [LABEL, MAIL]), "missing")
expect(run_with("confirmed", [CHARGE, MAIL]), "missing")
expect(run_with("confirmed", [CHARGE, LABEL]), "missing")
expect(run_with("confirmed", [("charge", 101, {"id": "pi_2", "amount": 100}), LABEL, MAIL]),
       "wrong ids")
expect(run_with("confirmed", [("charge", 101, {"id": "pi_1", "amount": 99}), LABEL, MAIL]),
       "wrong ids")
expect(run_with("confirmed", GOOD, declined=True), "wrong ends")
expect(run_with("confirmed", GOOD, attention=[{"step": "s"}]), "attention")
expect(run_with("confirmed", GOOD + [("refund", 104, {})]), "wrong ends")
expect(run_with("payment_failed", [], declined=True))
expect(run_with("payment_failed", []), "wrong ends")
expect(run_with("payment_failed", [CHARGE], declined=True), "wrong ends")
expect(run_with("", [], final=False), "lost")
expect(run_with("", [], final=False, acknowledged=False))
expect(run_with("", [CHARGE], final=False, acknowledged=False), "lost")
UNDONE = [CHARGE, LABEL, ("refund", 104, {}), ("label_refund", 105, {})]
expect(run_with("cancelled", UNDONE, cancel=True))
expect(run_with("cancelled", UNDONE), "wrong ends")
expect(run_with("cancelled", UNDONE + [("refund", 106, {})], cancel=True), "double refunds")
expect(run_with("cancelled", UNDONE[:3], cancel=True), "missing")
expect(run_with("confirmed", GOOD, cancel=True), "lost")

SMS = ("sms", 103, {"step": "sms_confirm"})
SENT = {"sms_confirm": "sent"}
expect(run_with("confirmed", GOOD + [SMS], notices=SENT))
expect(run_with("confirmed", GOOD + [SMS, ("sms", 104, {"step": "sms_tracking"})], notices=SENT))
expect(run_with("confirmed", GOOD + [SMS, SMS], notices=SENT, kills=[103.0]), "double SMS")
expect(run_with("confirmed", GOOD, notices=SENT), "missing")
expect(run_with("confirmed", GOOD, notices={"sms_confirm": "failed: 400: 21610"}))
expect(run_with("confirmed", GOOD + [SMS], notices=SENT, phone=None), "wrong ends")

TWICE = GOOD + [("mail", 110, {})]
expect(run_with("confirmed", TWICE), "causeless repeats")
killed = run_with("confirmed", TWICE, kills=[105.0])
expect(killed)
assert killed.repeats["mail"] == 1
expect(run_with("confirmed", TWICE, kills=[111.0]), "causeless repeats")
# Sent before the kill, done by a busy vendor a moment later; not so much later.
expect(run_with("confirmed", TWICE, kills=[102.8]))
expect(run_with("confirmed", TWICE, kills=[102.7]), "causeless repeats")
LOST = [{"vendor": "sendgrid", "operation": "mail", "effect": "drop_after"}]
expect(run_with("confirmed", TWICE, epochs=[(90.0, []), (102.5, LOST), (104.0, [])]))
expect(run_with("confirmed", TWICE, epochs=[(90.0, LOST), (102.0, [])]), "causeless repeats")
EVERY = [{"vendor": "*", "operation": "*", "effect": "drop_after"}]
expect(run_with("confirmed", TWICE, epochs=[(90.0, EVERY)]))
OTHER = [{"vendor": "stripe", "operation": "charge", "effect": "drop_after"}]
expect(run_with("confirmed", TWICE, epochs=[(90.0, OTHER)]), "causeless repeats")
LATE = [{"vendor": "sendgrid", "operation": "*", "effect": "latency", "latency_ms": 28000}]
expect(run_with("confirmed", TWICE, epochs=[(90.0, LATE)]))
SLOW = [{"vendor": "sendgrid", "operation": "*", "effect": "latency", "latency_ms": 800}]
expect(run_with("confirmed", TWICE, epochs=[(90.0, SLOW)]), "causeless repeats")
# Two repeats need two causes.
expect(run_with("confirmed", TWICE + [("mail", 120, {})], kills=[105.0]), "causeless repeats")


def deployed(count, status="succeeded", acknowledged=True):
    run = run_with("confirmed", GOOD)
    run.violations.clear()
    deployment = Deployment(0, random.Random(1), 1.0)
    deployment.acknowledged = acknowledged
    deployment.final = {"status": status} if status else None
    Verdict(run).judge_deployment(deployment, [{"id": "1", "at_ms": 1, "step": "deploy"}] * count)
    return run


expect(deployed(1))
expect(deployed(2), "double deployments")
expect(deployed(0), "missing")
expect(deployed(1, "timed_out"), "wrong ends")
expect(deployed(0, None), "lost")
expect(deployed(0, None, acknowledged=False))


# -- Webhooks

def told(*sent):
    log = Told("/dev/null")
    for one in sent:
        log.add(dict({"vendor": "stripe", "target": "/webhooks/stripe", "forged": False,
                      "status": 200, "body": '{"id":"evt_1"}'}, **one))
    return log


def judged(log, received, applied=None, swept=None):
    run = run_with("confirmed", GOOD)
    with contextlib.redirect_stdout(io.StringIO()):
        judge_webhooks(run, log, types.SimpleNamespace(
            received=collections.Counter(received), applied=collections.Counter(applied),
            swept=collections.Counter(swept)))
    return run


ONCE = {"stripe:evt_1": 1}
expect(judged(told({}, {}), ONCE, ONCE))
expect(judged(told({"status": 0}, {"status": 503}), {}))
expect(judged(told({"status": 0}), ONCE))  # Durable, and its answer was lost.
expect(judged(told({}), {}), "lost after 2xx")
expect(judged(told({}), {"stripe:evt_1": 2}), "applied twice")
expect(judged(told({}), ONCE, {"stripe:evt_1": 2}), "applied twice")
expect(judged(told({"status": 503}), {}, ONCE, ONCE))  # Asked for.
expect(judged(told({}), ONCE, ONCE, dict(ONCE, **{"stripe:evt_2": 1})))  # Sent by nobody.
FORGED = {"forged": True, "body": '{"id":"evt_2"}', "status": 401}
expect(judged(told({}, FORGED), ONCE))
expect(judged(told({}, dict(FORGED, status=200)), ONCE), "forged")
expect(judged(told({}, FORGED), dict(ONCE, **{"stripe:evt_2": 1})), "forged")
for body, vendor, keys in [
        ('[{"sg_event_id":"a"},{"sg_event_id":"b"}]', "sendgrid", ["sendgrid:a", "sendgrid:b"]),
        ('{"event_id":"Ev1"}', "slack", ["slack:Ev1"]),
        ("MessageSid=SM1&MessageStatus=sent", "twilio", ["twilio:SM1:sent"]),
        ('{"event":"track_updated","data":{"carrier":"usps","tracking_number":"9",'
         '"tracking_status":{"status":"TRANSIT","status_date":"d"}}}', "shippo",
         ["shippo:track:usps:9:TRANSIT:d"]),
        ('{"event":"transaction_created","data":{"object_id":"t","status":"SUCCESS",'
         '"object_updated":"u"}}', "shippo", ["shippo:transaction:t:SUCCESS:u"])]:
    assert events_in({"vendor": vendor, "body": body}) == keys, events_in(
        {"vendor": vendor, "body": body})
assert events_in({"vendor": "github", "body": "{}", "delivery": "d"}) == ["github:d"]
print("the verdict judges right")

# In a mix a person may hear that a step was sent in vain; of anything else never, and elsewhere not.
IN_VAIN = {"event": "effect_needs_person",
           "reason": "sent 5 times, and each time it is not there"}
for mix, event, is_expected in [
        ((30, 20, 5, 2), IN_VAIN, True), (None, IN_VAIN, False),
        ((30, 20, 5, 2), dict(IN_VAIN, reason="the vendor holds this very step"), False),
        ((30, 20, 5, 2), dict(IN_VAIN, event="order_needs_attention"), False)]:
    of = types.SimpleNamespace(a=types.SimpleNamespace(mix=mix), violate=None)
    assert bool(Ending(of, None, None).is_of_the_mix(event)) == is_expected, (mix, event)
