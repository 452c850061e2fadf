#!/usr/bin/env python3
"""One action on many orders of a real hub that is killed again and again: each item has one outcome, no
order is told twice, and none has a second label.

    bulk_test.py ORDERHUB [--orders N] [--kills N]
"""
import argparse
import collections
import json
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, Mock, request, request_json  # noqa: E402

ORDER = json.dumps({
    "items": [{"productId": "sku-1", "quantity": 1, "price": 4200}],
    "customer": {"email": "a@example.com", "name": "A Buyer"},
    "shipping": {"street": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701",
                 "country": "US"},
}).encode()
# The label is bought, nobody hears of it, and whoever asks is not told.
FAULTS = [{"vendor": "shippo", "operation": "label", "always": True, "effect": "drop_after"},
          {"vendor": "shippo", "operation": "list_labels", "always": True, "effect": "status",
           "status": 503}]


def wait_for(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


def is_open(hub):
    try:
        return request(hub.admin_port, "GET", "/admin")[0] == 200
    except OSError:
        return False


def pages(hub, path, name):
    """All of a list."""
    found, cursor = [], ""
    while True:
        page = request_json(hub.admin_port, "GET", f"{path}limit=500{cursor}")
        found += page[name]
        if page["next"] is None:
            return found
        cursor = "&cursor=" + page["next"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    count = options.orders
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        mock = Mock(options.program, directory)
        mock.control({"clear": True, "faults": FAULTS})
        # With a breaker that opens orders would wait for it, and not for a retry.
        hub = Hub(options.program, directory,
                  mock.vendor_environment() | {"ORDERHUB_BREAKER_VOLUME": "1000000"})
        hub.start()
        wait_for("the admin port", lambda: is_open(hub))
        for i in range(count):
            status, _, body = request(hub.port, "POST", f"/OrderOrchestrator/o-{i}/ProcessOrder/send",
                                      ORDER)
            assert status == 202, body
        wait_for("all labels in doubt", lambda: request_json(
            hub.admin_port, "GET", "/admin/summary")["in_doubt"] >= count)

        wanted = {"action": "retry", "filter": {"in_doubt": True}, "reason": "shippo is back",
                  "rate_per_s": 20 if count <= 200 else 100}
        # One whose look-up is just out has nothing to retry: it is left out of a plan.
        wait_for("a moment at which all of them wait", lambda: request_json(
            hub.admin_port, "POST", "/admin/bulk?dry_run=true", wanted)["bulk"]["count"] == count)
        plan = request_json(hub.admin_port, "POST", "/admin/bulk", wanted)["bulk"]
        left_out = sum(e["count"] for e in plan["excluded"])
        assert plan["count"] + left_out == count and left_out <= count // 50, plan
        count_of_plan = plan["count"]
        path = "/admin/bulk/" + plan["id"]
        status, _, body = request(hub.admin_port, "POST", path + "/start",
                                  json.dumps({"count": count_of_plan - 1}).encode())
        assert status == 409, body
        request_json(hub.admin_port, "POST", path + "/start", {"count": count_of_plan})

        def over():
            b = request_json(hub.admin_port, "GET", path)
            return b["count"] - b["left"]
        for kill in range(1, options.kills + 1):
            wait_for("progress", lambda: over() >= kill * count // (options.kills + 2))
            hub.process.kill()
            hub.start()
            wait_for("the admin port", lambda: is_open(hub))  # It opens after the public one.
        wait_for("the end", lambda: request_json(hub.admin_port, "GET", path)["state"] == "finished")

        ended = request_json(hub.admin_port, "GET", path)
        assert ended["left"] == 0 and ended["failed"] == 0, ended
        items = pages(hub, path + "/items?", "items")
        assert len({i["key"] for i in items}) == len(items) == count_of_plan
        outcomes = collections.Counter(i["outcome"] for i in items)
        assert outcomes["done"] + outcomes["skipped"] == count_of_plan, outcomes
        assert outcomes["done"] == ended["done"] > 0, outcomes
        told = collections.Counter((a["id"], a["object"])
                                   for a in pages(hub, "/admin/audit?action=retry&", "actions"))
        assert max(told.values()) == 1, "an object was told twice"
        ids = {i for i, _ in told}
        assert ids == {i["audit_id"] for i in items if i["outcome"] == "done"}, \
            "items and records are not the same"

        mock.control({"clear": True})
        # What waits for its next look-up is asked for now: the same thing once more, and small.
        again = request_json(hub.admin_port, "POST", "/admin/bulk", {
            "action": "retry", "filter": {"in_doubt": True}, "rate_per_s": 200})["bulk"]
        if again["id"] is not None:
            request_json(hub.admin_port, "POST", f"/admin/bulk/{again['id']}/start",
                         {"count": again["count"]})
        wait_for("all orders confirmed", lambda: request_json(
            hub.admin_port, "GET", "/admin/summary")["by_status"].get("confirmed") == count)
        labels = collections.Counter(e["order_id"] for e in mock.ledger()["effects"]
                                     if e["kind"] == "label")
        assert len(labels) == count and max(labels.values()) == 1, labels.most_common(3)
        assert hub.process.terminate() == 0
        mock.process.terminate()
    print(f"bulk_test: {count_of_plan} of {count} orders, {options.kills} kills, {outcomes['done']} done, "
          f"{outcomes['skipped']} skipped, none twice")


if __name__ == "__main__":
    main()
