"""What the vendors told by webhooks, beside what the hub has of it.

The mock vendors write down each webhook that they sent and its answer; the hub's journal is read
after its clean end. Which event a body is, is said here by the vendors' own ids and not asked of
the hub.
"""
import collections
import json
import subprocess
import urllib.parse

COPIES_MAX = 5
FORGED = 0.1
# The slowest that a mail's doubt waits for its event is the hub's least; see SETTINGS.md.
ENVIRONMENT = {"ORDERHUB_MAIL_EVENT_WAIT": "10s"}
# What is never sent is asked for, and soon: an order ends when its parcel has come.
SWEEPS = {"ORDERHUB_WEBHOOK_SWEEP": "5s", "ORDERHUB_PARCEL_SWEEP": "5s",
          "ORDERHUB_PARCEL_SWEEP_EVERY": "5s"}


def mock_arguments(hub_port, directory, lost):
    return ["--webhooks-to", f"http://127.0.0.1:{hub_port}", "--webhook-secrets",
            str(directory / "secrets"), "--webhook-log", str(directory / "webhooks.log"),
            "--webhook-copies", str(COPIES_MAX), "--webhook-forged", str(FORGED),
            "--webhook-delay", "0", "--webhook-jitter", "2s", "--webhook-lost", str(lost),
            "--transit", "1s", "--delivery", "1s"]


def secrets_of(directory):
    return dict(line.split("=", 1) for line in (directory / "secrets").read_text().splitlines())


def events_in(sent):
    """Keys of the `Webhook` objects that a delivery is to make."""
    vendor, body = sent["vendor"], sent["body"]
    if vendor == "stripe":
        ids = [json.loads(body)["id"]]
    elif vendor == "sendgrid":
        ids = [one["sg_event_id"] for one in json.loads(body)]
    elif vendor == "shippo":
        value = json.loads(body)
        ids = [shippo_id(value["event"], value["data"])]
    elif vendor == "slack":
        ids = [json.loads(body)["event_id"]]
    elif vendor == "twilio":
        form = dict(urllib.parse.parse_qsl(body))
        ids = [f"{form['MessageSid']}:{form['MessageStatus']}"]
    else:
        ids = [sent["delivery"]]
    return [f"{vendor}:{one}" for one in ids]


def shippo_id(event, data):
    """Shippo's events have no id."""
    if event == "track_updated":
        status = data["tracking_status"]
        which = status.get("object_id") or f"{status['status']}:{status['status_date']}"
        return f"track:{data['carrier']}:{data['tracking_number']}:{which}"
    return f"transaction:{data['object_id']}:{data['status']}:{data['object_updated']}"


class Told:
    """The mock's log: which events were answered with 2xx, and how often each was sent."""

    def __init__(self, path):
        self.taken, self.sent = collections.Counter(), collections.Counter()
        self.forged = self.forged_taken = 0
        with open(path, encoding="utf-8") as log:
            for line in log:
                self.add(json.loads(line))

    def add(self, sent):
        taken = 200 <= sent["status"] < 300
        if sent["forged"]:
            self.forged += 1
            self.forged_taken += taken
            return
        for key in events_in(sent):
            self.sent[key] += 1
            self.taken[key] += taken


class Kept:
    """The hub's journal: of each event how often it was received, and of each invocation that
    applied one which event it was: its `Webhook` names them."""

    def __init__(self, program, data):
        self.received, self.applied = collections.Counter(), collections.Counter()
        self.swept = collections.Counter()
        routed, applied = {}, []
        with subprocess.Popen([str(program), "journal", "dump", "--data-dir", str(data)],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True) as dump:
            for line in dump.stdout:
                if '"table":"iv"' not in line:
                    continue
                if '"object":"Webhook/' in line:
                    self.add_webhook(json.loads(line), routed)
                elif '"handler":"RecordWebhook"' in line:
                    row = json.loads(line)
                    if row["handler"] == "RecordWebhook" and row["finished"]:
                        applied.append(row["invocation"])
        self.applied.update(routed[one] for one in applied if one in routed)

    def add_webhook(self, row, routed):
        key = row["object"].partition("/")[2]
        if row["handler"] == "Receive":  # What the door brings has a request key.
            by = self.received if "request_key_expires_at" in row else self.swept
            by[key] += 1
        for entry in row["entries"]:
            if entry["kind"] == "send" and entry["handler"] == "RecordWebhook":
                routed[entry["target_invocation"]] = key


def judge_webhooks(run, told, kept):
    """None lost after 2xx, none applied twice, no forged one taken."""
    if told.forged_taken:
        run.violate("forged", f"{told.forged_taken} of {told.forged} forged ones were taken")
    for key in told.taken:
        if told.taken[key] and not kept.received[key] and not kept.swept[key]:
            run.violate("lost after 2xx", f"{key}, taken {told.taken[key]} times")
    for key, count in kept.received.items():
        if count > 1:
            run.violate("applied twice", f"{key} was received {count} times")
        if key not in told.sent:
            run.violate("forged", f"{key}: no vendor has sent it")
    for key, count in kept.applied.items():
        if count > 1:
            run.violate("applied twice", f"{key} was applied {count} times")
    more = sum(n - 1 for n in told.taken.values() if n > 1)
    print(f"webhooks: {len(told.sent)} events, sent {sum(told.sent.values())} times, {more} taken "
          f"again; {told.forged} forged, {told.forged_taken} taken; the journal has "
          f"{len(kept.received)} of them, {len(kept.applied)} applied to an order; "
          f"{len(kept.swept)} were asked for, {len(kept.swept - kept.received)} of them never sent")
