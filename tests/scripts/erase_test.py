#!/usr/bin/env python3
"""An order is erased on a real hub, which is killed meanwhile, and another one purged; after `journal
compact` no file of the data directory has a byte of their customers, no packed row says anything of
them, and a third order is as it was. All settings are as they are by default, so that the parcels
are followed.

    erase_test.py ORDERHUB
"""
import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, Mock, request  # noqa: E402

PERSONAL = {"erased": ("gone.ada@example.com", "+14155550123", "4711 Vanished Lane", "Ada Vanishing"),
            "purged": ("gone.bob@example.com", "+14155550124", "4712 Purged Lane", "Bob Purging"),
            "kept": ("stays@example.com", "+14155550125", "4713 Staying Lane", "Cleo Staying")}


def order_of(name):
    email, phone, street, person = PERSONAL[name]
    return json.dumps({
        "items": [{"productId": "sku-1", "quantity": 1, "price": 4200}],
        "customer": {"email": email, "name": person, "phone": phone},
        "shipping": {"street": street, "city": "Springfield", "state": "IL", "zip": "62701",
                     "country": "US"},
    }).encode()


def fulfil(hub, name):
    """The order hears nothing of it: there is neither warehouse nor carrier."""
    _, _, street, person = PERSONAL[name]
    wanted = {"orderId": name, "items": [{"productId": "sku-1", "quantity": 1}],
              "shipping": {"name": person, "street": street, "city": "Springfield", "state": "IL",
                           "zip": "62701"}}
    status, _, answer = request(hub.port, "POST", f"/FulfillmentOrchestrator/f-{name}/Fulfill",
                                json.dumps(wanted).encode(), timeout=60)
    assert status == 200, (name, status, answer)


def found_in(directory, words):
    """The files of the directory that have one of these words, and which."""
    return {(str(file.relative_to(directory)), word)
            for file in directory.rglob("*") if file.is_file()
            for word in words if word.encode() in file.read_bytes()}


def act(hub, path, body=None):
    headers = {"content-type": "application/json"}
    status, _, answer = request(hub.admin_port, "POST", "/admin/orders/" + path,
                                json.dumps(body or {"reason": "the customer asked"}).encode(),
                                headers=headers, timeout=60)
    return status, json.loads(answer)


def see(hub, path):
    return json.loads(request(hub.admin_port, "GET", "/admin/" + path)[2])


def said_by(page):
    """All texts of a page, those that were encoded too, as bytes."""
    if isinstance(page, str):
        return page.encode() + b"\n"
    if isinstance(page, list):
        return b"".join(said_by(value) for value in page)
    if not isinstance(page, dict):
        return b""
    encoded = page.get("base64url") or ""
    return (base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)) +
            b"".join(said_by(value) for value in page.values()))


def shown_of(hub, name):
    """What the admin API says of an order whose customer is asked for."""
    pages = [act(hub, f"{name}/reveal")[1]]
    for path in ("journal?raw=1&limit=500", "steps/mail_confirm/request", "explain?format=json"):
        pages.append(see(hub, f"orders/{name}/{path}"))
    said = said_by(pages)
    return {word for word in PERSONAL[name] if word.encode() in said}


def places_of(answer):
    """But for what goes on meanwhile: it is looked whether an SMS has come."""
    return {(place["place"], place["object"]) for place in answer["places"]
            if place["place"] != "following"}


def tool(program, hub, verb, *more):
    return subprocess.run([str(program), "journal", verb, "--data-dir", str(hub.data), *more],
                          capture_output=True, text=True, timeout=120, check=False)


def rows_of(program, hub, thing):
    """What ended on an object, as it is stored."""
    dumped = tool(program, hub, "dump", "--object", thing)
    assert dumped.returncode == 0, dumped.stderr
    rows = [json.loads(line) for line in dumped.stdout.splitlines() if line.startswith("{")]
    return [row for row in rows if row.get("table") == "iv"]


def hub_rests(hub, name):
    """What GetOrder says when nothing of the order is open any more and its cancel was told."""
    for _ in range(300):
        shown = json.loads(request(hub.port, "POST", f"/OrderOrchestrator/{name}/GetOrder")[2])
        if not shown["waiting"] and "mail_cancelled" in shown["notices"]:
            return shown
        time.sleep(0.1)
    raise AssertionError(shown)


def main():
    program = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        mock = Mock(program, directory)
        hub = Hub(program, directory, {**mock.vendor_environment(), **mock.more_environment()})
        hub.start()
        before = {}
        for name in PERSONAL:
            status, _, answer = request(hub.port, "POST", f"/OrderOrchestrator/{name}/ProcessOrder",
                                        order_of(name), timeout=60)
            assert status == 200, (name, status, answer)
            before[name] = json.loads(answer)
            fulfil(hub, name)
        gone = PERSONAL["erased"] + PERSONAL["purged"]
        assert len({word for _, word in found_in(hub.data, gone)}) == len(gone), \
            "the test looks for what is in no file anyway"

        for name in PERSONAL:
            assert len(shown_of(hub, name)) == len(PERSONAL[name]), shown_of(hub, name)

        for name, verb in (("erased", "erase"), ("purged", "purge")):
            status, plan = act(hub, f"{name}/{verb}?dry_run=true")
            assert status == 200 and len(plan["places"]) >= 4, plan
            assert ("state", f"FulfillmentOrchestrator/f-{name}") in places_of(plan), plan
            status, done = act(hub, f"{name}/{verb}")
            assert status == 202 and places_of(done) == places_of(plan), (plan, done)
            assert {"free_pages", "commit_log", "backup"} <= {left["what"] for left in done["left"]}
            assert name == "purged" or shown_of(hub, name) == set(), shown_of(hub, name)
            hub.process.kill()
            hub.start()
        for verb in ("pause", "resume", "retry", "cancel", "reveal"):
            status, answer = act(hub, f"purged/{verb}")
            assert status == 409 and answer["reason"] == "purged", (verb, answer)
        status, _, answer = request(hub.port, "POST", "/OrderOrchestrator/purged/ProcessOrder",
                                    order_of("purged"), timeout=60)
        assert status == 409 and b"purged" in answer, (status, answer)
        shown = see(hub, "orders/erased")
        assert shown["status"] == "confirmed" and shown["money"]["charged"] == 4200, shown
        assert shown["label_id"] == before["erased"]["labelId"], shown
        who = {(a["action"], a["target"]) for a in see(hub, "audit")["actions"]}
        assert {("erase", "erased"), ("purge", "purged")} <= who, who
        running = tool(program, hub, "compact")
        assert running.returncode == 2, (running.returncode, running.stdout)
        assert hub.process.terminate() == 0

        done = tool(program, hub, "compact")
        assert done.returncode == 0, done.stdout + done.stderr
        assert found_in(hub.data, gone) == set(), found_in(hub.data, gone)
        verified = tool(program, hub, "verify")
        assert verified.returncode == 0, verified.stdout
        sent = [row for row in rows_of(program, hub, "Notification/erased")
                if row.get("handler") == "Send"]  # Whether the SMS has come may be asked after that.
        asked = rows_of(program, hub, "FulfillmentOrchestrator/f-erased")
        assert sent and asked, "the test looks at no rows"
        for thing in sent + asked + [entry for row in sent + asked for entry in row["entries"]]:
            assert thing.get("body_size", 0) == 0, thing
            assert thing.get("value_size", 0) <= len('{"erased":true}'), thing
        assert rows_of(program, hub, "FulfillmentOrchestrator/f-purged") == []
        for service in ("OrderOrchestrator", "Shipment", "Notification", "Parcel"):
            assert rows_of(program, hub, f"{service}/purged") == [], service
            assert service == "Parcel" or rows_of(program, hub, f"{service}/kept"), service
        hub.start()
        status, kept = act(hub, "kept/reveal")
        assert status == 202 and kept["customer"]["email"] == PERSONAL["kept"][0], kept
        assert shown_of(hub, "erased") == set(), shown_of(hub, "erased")
        # Money still goes back, and nobody is written to.
        status, answer = act(hub, "erased/cancel")
        assert status == 202, answer
        shown = hub_rests(hub, "erased")
        assert shown["status"] == "cancelled" and shown["attention"] == [], shown
        assert shown["notices"]["mail_cancelled"].startswith("skipped: "), shown
        status, _, answer = request(hub.port, "POST", "/OrderOrchestrator/new/ProcessOrder",
                                    order_of("kept"), timeout=60)
        assert status == 200, answer
        assert hub.process.terminate() == 0
        mock.process.terminate()
    print("erase: nothing of the customers is in any file, what was charged and shipped is known")


if __name__ == "__main__":
    main()
