#!/usr/bin/env python3
"""A running hub compacts its journal while orders and webhooks come in: all of them finish, the file is smaller,
and what was erased is in no file of the data directory. Then it is killed, at one moment after the other of such a
compaction: the journal verifies, and the hub goes on with every order that it had answered.

    compact_running_test.py ORDERHUB [--kills N]
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, Mock, request  # noqa: E402

ORDERS = 30
PERSONAL = ("gone.ada@example.com", "4711 Vanished Lane", "Ada Vanishing")


def order_of(number, email="stays@example.com", street="1 Main St", name="Cleo Staying"):
    return json.dumps({
        "items": [{"productId": f"sku-{n}", "quantity": 1, "price": 100 + number} for n in range(20)],
        "customer": {"email": email, "name": name},
        "shipping": {"street": street, "city": "Springfield", "state": "IL", "zip": "62701", "country": "US"},
    }).encode()


def process(hub, key, body):
    status, _, answer = request(hub.port, "POST", f"/OrderOrchestrator/{key}/ProcessOrder", body, timeout=60)
    assert status == 200, (key, status, answer)


def see(hub, path):
    return json.loads(request(hub.admin_port, "GET", "/admin/" + path)[2])


def act(hub, path):
    status, _, answer = request(hub.admin_port, "POST", "/admin/" + path, b'{"reason":"the customer asked"}',
                                headers={"content-type": "application/json"}, timeout=60)
    return status, json.loads(answer)


def ended(hub):
    while True:
        shown = see(hub, "journal")["compaction"]
        if shown["running"] is None:
            return shown["last"]
        time.sleep(0.01)


def tool(program, hub, *words):
    return subprocess.run([str(program), "journal", words[0], "--data-dir", str(hub.data), *words[1:]],
                          capture_output=True, text=True, timeout=120, check=False)


def found_in(directory, words):
    found = set()
    for file in directory.rglob("*"):
        try:
            content = file.read_bytes() if file.is_file() else b""
        except FileNotFoundError:  # A file of before, which goes just now.
            continue
        found |= {(str(file.relative_to(directory)), word) for word in words if word.encode() in content}
    return found


class Load:
    """Orders one after the other, on some threads, until it is told to stop."""

    def __init__(self, hub, name):
        self.hub, self.name, self.stopped, self.done, self.wrong = hub, name, False, [], []
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(3)]
        for thread in self.threads:
            thread.start()

    def run(self, lane):
        number = 0
        while not self.stopped:
            key = f"{self.name}-{lane}-{number}"
            try:
                process(self.hub, key, order_of(number))
            except Exception as e:  # pylint: disable=broad-except
                if not self.stopped:
                    self.wrong.append((key, repr(e)))
                return
            self.done.append(key)
            number += 1

    def stop(self):
        self.stopped = True
        for thread in self.threads:
            thread.join()
        assert not self.wrong, self.wrong
        return self.done


def check_all(hub, keys):
    for key in keys:
        assert see(hub, f"orders/{key}")["money"]["charged"] > 0, key


def compact_beside_orders(program, hub):
    process(hub, "erased", order_of(1, PERSONAL[0], PERSONAL[1], PERSONAL[2]))
    for number in range(ORDERS):
        process(hub, f"purged-{number}", order_of(number))
    process(hub, "kept", order_of(2))
    assert found_in(hub.data, PERSONAL), "the test looks for what is in no file anyway"
    status, done = act(hub, "orders/erased/erase")
    assert status == 202 and {"free_pages", "commit_log"} <= {left["what"] for left in done["left"]}, done
    for number in range(ORDERS):
        assert act(hub, f"orders/purged-{number}/purge")[0] == 202

    status, plan = act(hub, "journal/compact?dry_run=true")
    assert status == 200 and plan["plan"]["room_needed_bytes"] > 0, plan
    assert see(hub, "journal")["compaction"] == {"running": None, "last": None}
    load = Load(hub, "beside")
    while len(load.done) < 5:
        time.sleep(0.01)
    status, begun = act(hub, "journal/compact")
    assert status == 202, begun
    status, second = act(hub, "journal/compact")
    assert status == 409 or ended(hub), second  # It may be over by then.
    last = ended(hub)
    assert last["failed"] is None, last
    assert last["after_bytes"] < last["before_bytes"], last
    assert last["took_ms"] is not None and last["stage"] == "ended", last
    assert found_in(hub.data, PERSONAL) == set(), found_in(hub.data, PERSONAL)
    assert not (hub.data / "compacted").exists()
    so_far = len(load.done)
    while len(load.done) < so_far + 5:
        time.sleep(0.01)
    keys = load.stop()
    check_all(hub, keys + ["kept", "erased"])
    assert "compact" in {a["action"] for a in see(hub, "audit")["actions"]}

    # By the command, which finds the hub; and a backup beside it.
    without = tool(program, hub, "compact")
    assert without.returncode == 2 and "--reason" in without.stderr, (without.returncode, without.stderr)
    done = tool(program, hub, "compact", "--reason", "the disk is small")
    assert done.returncode == 0 and "beside its hub" in done.stdout, (done.returncode, done.stdout, done.stderr)
    assert tool(program, hub, "verify").returncode == 0
    copied = tool(program, hub, "backup", "--verify", str(hub.directory / "copy"))
    assert copied.returncode == 0, copied.stdout
    return keys


def kill_at_moments(program, hub, keys, kills):
    begin = time.monotonic()
    assert act(hub, "journal/compact")[0] == 202
    ended(hub)
    took = time.monotonic() - begin
    killed_at = set()
    for n in range(kills):
        load = Load(hub, f"kill{n}")
        while not load.done:
            time.sleep(0.005)
        status, _ = act(hub, "journal/compact")
        assert status == 202, status
        time.sleep(2 * took * n / kills)  # Beside orders it takes longer.
        shown = see(hub, "journal")["compaction"]
        killed_at.add((shown["running"] or shown["last"])["stage"])
        load.stopped = True  # What is cut off counts for nothing.
        hub.process.kill()
        keys += load.stop()
        verified = tool(program, hub, "verify")
        assert verified.returncode == 0, verified.stdout
        hub.start()
        assert not (hub.data / "compacted").exists()
        check_all(hub, keys)
    return killed_at


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=12)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        mock = Mock(given.program, directory)
        # No parcel is followed: an order is finished when its label is bought.
        hub = Hub(given.program, directory, {**mock.vendor_environment(), "ORDERHUB_PARCEL_SWEEP": "off"})
        hub.start()
        keys = compact_beside_orders(given.program, hub)
        stages = kill_at_moments(given.program, hub, keys, given.kills)
        assert stages - {"ended"}, "it was over before it could be killed"
        assert hub.process.terminate() == 0
        mock.process.terminate()
    print(f"compact: {len(keys)} orders, killed at {given.kills} moments, while {', '.join(sorted(stages))}")


if __name__ == "__main__":
    main()
