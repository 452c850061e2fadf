#!/usr/bin/env python3
"""`orderhub journal compact` is killed, at one moment after the other of a run: the journal verifies, a
second compact goes through, and a hub on it has every order, and finds them by what vendors called their calls.

    compact_test.py ORDERHUB [--kills N]
"""
import argparse
import fcntl
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, Mock, request  # noqa: E402

ORDERS = 40


def order_of(number):
    return json.dumps({
        "items": [{"productId": "sku-1", "quantity": 1, "price": 4200 + number}],
        "customer": {"email": f"ada{number}@example.com", "name": "Ada Lovelace"},
        "shipping": {"street": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701",
                     "country": "US"},
    }).encode()


def see(hub, path):
    return json.loads(request(hub.admin_port, "GET", "/admin/" + path)[2])


def request_id_of(hub, key):
    steps = see(hub, f"orders/{key}/explain")["steps"]
    return next(a["vendor_request_id"] for s in steps for a in s["attempts"] if a["vendor_request_id"])


def tool(program, data, verb):
    done = subprocess.run([str(program), "journal", verb, "--data-dir", str(data)], capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, (verb, done.returncode, done.stdout, done.stderr)


def killed_after(program, data, seconds):
    """Starts compact and kills it then; whether it was still running."""
    child = subprocess.Popen([str(program), "journal", "compact", "--data-dir", str(data)],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        # Its own child, which does the work, ends with it, when its last sync has.
        with open(data / "orderhub.lock", "a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        return True
    return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=12)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        mock = Mock(given.program, directory)
        hub = Hub(given.program, directory, mock.vendor_environment())
        hub.start()
        for number in range(ORDERS):
            status, _, answer = request(hub.port, "POST", f"/OrderOrchestrator/order-{number}/ProcessOrder",
                                        order_of(number), timeout=60)
            assert status == 200, (status, answer)
        # Of the last one while it is only in the log.
        named = {key: request_id_of(hub, key) for key in ("order-0", f"order-{ORDERS - 1}")}
        hub.process.kill()  # So compact has to fold.
        whole = directory / "whole"
        shutil.copytree(hub.data, whole, ignore=shutil.ignore_patterns("*.sock"))

        begin = time.monotonic()
        tool(given.program, hub.data, "compact")
        took = time.monotonic() - begin
        killed = 0
        for n in range(given.kills):
            shutil.rmtree(hub.data)
            shutil.copytree(whole, hub.data)
            if killed_after(given.program, hub.data, took * (n + 1) / (given.kills + 1)):
                killed += 1
            else:
                took *= 0.8  # It is quicker than the first one was.
            tool(given.program, hub.data, "verify")
            if n % 3 == 0:  # Else what was left is what the hub starts on.
                tool(given.program, hub.data, "compact")
                tool(given.program, hub.data, "verify")
                assert not (hub.data / "compacted").exists()
            hub.start()
            for number in range(ORDERS):
                assert see(hub, f"orders/order-{number}")["money"]["charged"] == 4200 + number
            for key, request_id in named.items():
                matches = see(hub, f"lookup?q={request_id}")["matches"]
                assert [m["key"] for m in matches] == [key], (key, request_id, matches)
            assert hub.process.terminate() == 0
        assert killed > 0, "it was over before it could be killed"
        mock.process.terminate()
    print(f"compact: killed at {killed} of {given.kills} moments, and every journal had all {ORDERS} orders")


if __name__ == "__main__":
    main()
