"""Makes the journals from which tests/bench/train.cpp makes a dictionary: orders of many kinds, with
made-up names, at a hub with mock vendors, their webhooks and an inventory.

    python3 tests/bench/train_orders.py DIR [--orders N] [--seed S] [--program FILE]

The journal is in DIR/data then. Takes a minute.
"""
import argparse
import json
import pathlib
import random
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from hub_processes import Hub, Mock, find_program, request  # noqa: E402

PLACES = [("US", "IL", "62701"), ("US", "CA", "94105"), ("US", "NY", "10001"), ("CA", "ON", "M5V 2T6"),
          ("DE", "", "10115"), ("GB", "", "SW1A 1AA"), ("FR", "", "75001")]


def word(random_, size):
    return "".join(random_.choice("abcdefghiklmnoprstuvw") for _ in range(size))


def order(r):
    country, state, code = r.choice(PLACES[:3] * 4 + PLACES)
    body = {
        "items": [{"productId": r.choice(["sku-", "p_", "", word(r, 3) + "/"]) + str(r.randrange(10 ** r.randrange(2, 7))),
                   "quantity": r.randrange(1, 4), "price": r.randrange(100, 20_000)}
                  for _ in range(r.randrange(1, 5))],
        "customer": {"email": f"{word(r, 5)}.{word(r, 6)}@{word(r, 6)}.{r.choice(['com', 'de', 'net', 'org'])}",
                     "name": f"{word(r, 5).title()} {word(r, 7).title()}"},
        "shipping": {"street": f"{r.randrange(1, 9999)} {word(r, 7).title()} {r.choice(['St', 'Ave', 'Road', 'Blvd'])}",
                     "city": word(r, 8).title(), "zip": code, "country": country},
    }
    if state:
        body["shipping"]["state"] = state
    if r.random() < 0.5:
        body["customer"]["phone"] = f"+1555{r.randrange(10 ** 7):07d}"
    if r.random() < 0.3:
        body["currency"] = r.choice(["usd", "eur"])
    if r.random() < 0.04:
        body["paymentMethod"] = "pm_card_chargeDeclined"
    return body


def one_order(port, r, number):
    key = r.choice(["ord-", "A", "", "2026-"]) + str(r.randrange(10 ** 9))
    body = order(r)

    def post(path, value):
        return request(port, "POST", path, json.dumps(value), timeout=60)[0]

    status = post(f"/OrderOrchestrator/{key}/ProcessOrder", body)
    kind = number % 14
    if kind == 0:
        post(f"/OrderOrchestrator/{key}/CancelOrder", {})
    elif kind == 1:
        post(f"/OrderOrchestrator/{key}/RefundOrder", {"amount": 50})
    elif kind == 2:
        post(f"/DeploymentWorkflow/release-{number}/run/send",
             {"orderId": key, "ref": r.choice(["main", "v" + str(number)]), "environment": "production"})
    elif kind in (3, 4):
        to = body["shipping"] | {"name": body["customer"]["name"]}
        post(f"/FulfillmentOrchestrator/ship-{number}/Fulfill/send",
             {"orderId": key, "items": [{"productId": i["productId"], "quantity": 1} for i in body["items"]],
              "shipping": to})
    return status


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("directory", type=pathlib.Path)
    p.add_argument("--orders", type=int, default=420)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--program")
    a = p.parse_args()
    program = find_program(a.program)
    a.directory.mkdir(parents=True)
    stock = Mock(program, a.directory, seed=a.seed)
    hub = Hub(program, a.directory, {"INVENTORY_API_BASE": f"http://127.0.0.1:{stock.port}/inventory",
                                     "INVENTORY_API_KEY": "stock", "ORDERHUB_SHIP_FROM_COUNTRY": "US"},
              ["--mock"])
    statuses = {}
    try:
        hub.start()

        def run(lane):
            r = random.Random(a.seed * 1_000 + lane)
            for number in range(lane, a.orders, 6):
                status = one_order(hub.port, r, number)
                statuses[status] = statuses.get(status, 0) + 1
        lanes = [threading.Thread(target=run, args=(lane,)) for lane in range(6)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        time.sleep(40)  # Parcels arrive within 31 s.
        status = hub.process.terminate(timeout=60)
    finally:
        for process in (hub.process, stock.process):
            if process and process.alive():
                process.kill()
    print(f"answers {statuses}, the hub ended with {status}")
    return 0 if status == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
