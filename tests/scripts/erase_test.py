#!/usr/bin/env python3
"""An order is erased on a real hub, which is killed meanwhile, and another one purged; after `journal
compact` no file of the data directory has a byte of their customers, and a third order is as it was.

    erase_test.py ORDERHUB
"""
import json
import pathlib
import subprocess
import sys
import tempfile

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


def tool(program, hub, verb):
    return subprocess.run([str(program), "journal", verb, "--data-dir", str(hub.data)],
                          capture_output=True, text=True, timeout=120, check=False)


def main():
    program = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        mock = Mock(program, directory)
        # No parcel is followed: an order is finished when its label is bought.
        hub = Hub(program, directory, {**mock.vendor_environment(), "ORDERHUB_PARCEL_SWEEP": "off"})
        hub.start()
        before = {}
        for name in PERSONAL:
            status, _, answer = request(hub.port, "POST", f"/OrderOrchestrator/{name}/ProcessOrder",
                                        order_of(name), timeout=60)
            assert status == 200, (name, status, answer)
            before[name] = json.loads(answer)
        gone = PERSONAL["erased"] + PERSONAL["purged"]
        assert len({word for _, word in found_in(hub.data, gone)}) == len(gone), \
            "the test looks for what is in no file anyway"

        for name, verb in (("erased", "erase"), ("purged", "purge")):
            status, plan = act(hub, f"{name}/{verb}?dry_run=true")
            assert status == 200 and len(plan["places"]) >= 4, plan
            status, done = act(hub, f"{name}/{verb}")
            assert status == 202 and done["places"] == plan["places"], done
            assert {"free_pages", "commit_log", "backup"} <= {left["what"] for left in done["left"]}
            hub.process.kill()
            hub.start()
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
        hub.start()
        status, kept = act(hub, "kept/reveal")
        assert status == 202 and kept["customer"]["email"] == PERSONAL["kept"][0], kept
        status, erased = act(hub, "erased/reveal")
        assert status == 202 and not any(w in json.dumps(erased) for w in gone), erased
        status, _, answer = request(hub.port, "POST", "/OrderOrchestrator/new/ProcessOrder",
                                    order_of("kept"), timeout=60)
        assert status == 200, answer
        assert hub.process.terminate() == 0
        mock.process.terminate()
    print("erase: nothing of the customers is in any file, what was charged and shipped is known")


if __name__ == "__main__":
    main()
