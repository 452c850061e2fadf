#!/usr/bin/env python3
"""SIGHUP of the real program: a vendor's key that was replaced in the file counts from the next
call, and no SIGHUP ends the hub, while it drains neither."""
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, Mock, request  # noqa: E402

ORDER = json.dumps({
    "items": [{"productId": "sku-1", "quantity": 1, "price": 4200}],
    "customer": {"email": "a@example.com", "name": "A Buyer"},
    "shipping": {"street": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701",
                 "country": "US"},
}).encode()


def write_settings(path, key):
    path.write_text(f'[stripe]\napi_key = "{key}"\n', encoding="utf-8")


def events(hub, name):
    with open(hub.directory / "hub.log", encoding="utf-8") as log:
        return [line for line in log if f'"event":"{name}"' in line]


def wait_for(what, condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.01)


def main():
    program = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        mock = Mock(program, directory)
        environment = mock.vendor_environment()
        del environment["STRIPE_API_KEY"]
        file = directory / "orderhub.toml"
        write_settings(file, "sk_test_invalid")
        hub = Hub(program, directory, environment, ["--config", str(file)])
        hub.start()

        refused = request(hub.port, "POST", "/OrderOrchestrator/before/ProcessOrder/send", ORDER)
        assert refused[0] == 202, refused
        wait_for("a call with the old key", lambda: hub.metrics()["orderhub_vendor_calls_total"])

        os.kill(hub.process.pid, signal.SIGHUP)  # Nothing has changed.
        wait_for("the settings read again", lambda: events(hub, "settings_read_again"))
        assert not events(hub, "credentials_replaced")

        file.write_text("[stripe]\napi_key = \n", encoding="utf-8")
        os.kill(hub.process.pid, signal.SIGHUP)
        wait_for("a file that is no TOML refused", lambda: events(hub, "settings_not_read_again"))

        write_settings(file, "sk_test_good")
        os.kill(hub.process.pid, signal.SIGHUP)
        wait_for("the key replaced", lambda: events(hub, "credentials_replaced"))
        assert not events(hub, "restart_needed")
        status, _, body = request(hub.port, "POST", "/OrderOrchestrator/after/ProcessOrder", ORDER)
        assert status == 200 and json.loads(body)["status"] == "confirmed", (status, body)
        # The order that met the old key was not failed by it: it waited, and is charged now.
        wait_for("the order that waited charged", lambda: {
            e["order_id"] for e in mock.ledger()["effects"] if e["vendor"] == "stripe"
        } == {"before", "after"})
        wait_for("it confirmed", lambda: json.loads(request(
            hub.port, "POST", "/OrderOrchestrator/before/GetOrder")[2])["status"] == "confirmed")
        log = (hub.directory / "hub.log").read_text(encoding="utf-8")
        assert "sk_test" not in log, "a key is in the log"

        # A call that hangs holds the drain up; SIGHUP in the middle of it ends nothing.
        mock.control({"clear": True, "faults": [
            {"vendor": "stripe", "operation": "charge", "effect": "latency", "latency_ms": 2000,
             "always": True}]})
        sent = request(hub.port, "POST", "/OrderOrchestrator/slow/ProcessOrder/send", ORDER)
        assert sent[0] == 202, sent
        hub.process.child.send_signal(signal.SIGTERM)
        wait_for("the drain", lambda: events(hub, "draining"))
        hub.process.child.send_signal(signal.SIGHUP)
        assert hub.process.terminate() == 0, "SIGHUP ended a hub that drains"
        mock.process.terminate()
    print("reload: a replaced key counts at once, for what waited too; SIGHUP ends nothing")


if __name__ == "__main__":
    main()
