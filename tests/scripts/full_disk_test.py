#!/usr/bin/env python3
"""The real hub on a disk that is too small: what it answered exists, and nothing is half there.

    full_disk_test.py PROGRAM [--rounds N]

Each round puts the data directory on a tmpfs of 32 MB, of which the commit log takes 24, sends orders until the hub takes no more, and
ends the hub by SIGTERM while the disk is full. Room comes back before that, at one of some moments
while the hub stops, or after it; then it starts again. In one round it is killed instead, and starts
while there is not a byte of room: it has to answer what it knows, and to refuse what is new, until
there is. Every order that was answered 2xx or 202 has to be there and to come to its end, and
`orderhub journal verify` has to find nothing.

Mounting needs a mount namespace, which root has, and others where the kernel lets them. Exit status:
0 held, 1 broken, 77 (skipped) where nothing can be mounted.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from hub_processes import Failure, Hub, request  # noqa: E402

SKIPPED = 77
INSIDE = "ORDERHUB_FULL_DISK_INSIDE"
ORDERS_MAX = 4000
CALLERS = 8
PATIENCE_S = 120
# An order that is on disk when the journal stops is answered when it goes on, and not before.
SEND_PATIENCE_S = 4
# Seconds after SIGTERM at which there is room again; None: after the end. The drain takes a second,
# and then the writer is stopped. The exact moment is the business of writer_test.cpp.
AFTER_START = "after the next start"
ROOM_AT = [None, AFTER_START, 0.9, 1.1, 0.3, 1.3]
TERMINAL = {"confirmed", "in_transit", "delivered", "payment_failed", "cancelled"}


def enter_namespace():
    """Runs this program again where it may mount; returns only where that cannot be done."""
    for flags in (["--mount"], ["--mount", "--map-root-user"]):
        probe = ["unshare"] + flags + ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]
        try:
            found = subprocess.run(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except FileNotFoundError:
            break
        if found.returncode == 0:
            os.environ[INSIDE] = "1"
            os.execvp("unshare", ["unshare"] + flags + [sys.executable, "-B"] + sys.argv)
    print("full_disk: skipped, a tmpfs cannot be mounted here (it needs root or a user namespace)")
    sys.exit(SKIPPED)


def order_body(number):
    return json.dumps({
        "items": [{"productId": f"sku-{number}", "quantity": 1, "price": 1999}],
        "customer": {"email": "a@example.com", "name": "A Buyer"},
        "shipping": {"street": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701",
                     "country": "US"},
    }).encode()


def send(hub, number):
    """(number, status) of one order, every third one way; status 0 where there was no answer."""
    handler = "ProcessOrder/send" if number % 3 == 0 else "ProcessOrder"
    try:
        status, _, _ = request(hub.port, "POST", f"/OrderOrchestrator/o-{number}/{handler}",
                               order_body(number), timeout=SEND_PATIENCE_S)
    except (OSError, http.client.HTTPException):
        status = 0
    return number, status


def fill(hub):
    """Sends orders until the hub refuses several in a row; {number: status}."""
    answers, refused, number = {}, 0, 0
    with concurrent.futures.ThreadPoolExecutor(CALLERS) as callers:
        while number < ORDERS_MAX and refused < 2 * CALLERS:
            for n, status in callers.map(lambda n: send(hub, n),
                                         range(number, number + CALLERS)):
                answers[n] = status
                refused = refused + 1 if status == 503 else 0
            number += CALLERS
    if refused < 2 * CALLERS:
        raise Failure(f"{number} orders did not fill the disk")
    return answers


def state_of(hub, number):
    status, _, answer = request(hub.port, "POST", f"/OrderOrchestrator/o-{number}/GetOrder")
    return status, json.loads(answer) if status == 200 else None


def check_orders(hub, answers):
    """Texts of what is wrong, once everything has come to its end."""
    wrong = []
    until = time.monotonic() + PATIENCE_S
    for number, answered in answers.items():
        promised = 200 <= answered < 300
        while True:
            status, order = state_of(hub, number)
            if status == 200 and order["status"] in TERMINAL:
                break
            if not promised and status == 404:
                break
            if time.monotonic() > until:
                said = order["status"] if order else status
                wrong.append(f"o-{number} was answered {answered} and is {said}")
                break
            time.sleep(0.02)
    return wrong


def take_all_room(data):
    """Not a byte is left on the disk."""
    with open(data / "filler", "wb", buffering=0) as f:
        for size in (1 << 20, 4096, 1):
            try:
                while f.write(bytes(size)) == size:
                    pass
            except OSError:
                pass


def wait_for(what, until):
    end = time.monotonic() + PATIENCE_S
    while not until():
        if time.monotonic() > end:
            raise Failure(f"{what} within {PATIENCE_S} s")
        time.sleep(0.02)


def start_without_room(hub):
    hub.spawn()

    def listens():
        if not hub.process.alive():
            raise Failure("the hub does not start on a full disk:\n" + hub.process.log_tail())
        try:
            request(hub.port, "GET", "/restate/health")
            return True
        except (OSError, http.client.HTTPException):
            return False
    wait_for("the hub on a full disk did not listen", listens)


def check_without_room(hub, answers):
    """Texts of what is wrong with a hub that has started on a full disk."""
    wrong = []
    promised = [n for n, status in answers.items() if 200 <= status < 300]
    for number in promised:
        status, _ = state_of(hub, number)
        if status != 200:
            wrong.append(f"without room o-{number} is {status}")
    for number in range(ORDERS_MAX, ORDERS_MAX + 5):
        if send(hub, number)[1] != 503:
            wrong.append(f"without room the new order o-{number} was not refused")
    status, _, health = request(hub.port, "GET", "/restate/health")
    if status != 503 or not json.loads(health).get("message"):
        wrong.append(f"without room health is {status} {health!r}")
    return wrong


def one_round(program, directory, room_at):
    data = directory / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(data)], check=True)
    try:
        hub = Hub(program, directory, {"ORDERHUB_DRAIN_TIMEOUT": "1s"}, ["--mock"])
        hub.start()
        answers = fill(hub)
        room = ["mount", "-o", "remount,size=256m", str(data)]
        wrong = []
        if room_at is None:
            ended = hub.process.terminate()
            subprocess.run(room, check=True)
        elif room_at == AFTER_START:
            hub.process.kill()
            ended = 0
            take_all_room(data)
            start_without_room(hub)
            wrong = check_without_room(hub, answers)
            subprocess.run(room, check=True)
            wait_for("the hub did not go on by itself", hub.is_ready)
        else:
            with concurrent.futures.ThreadPoolExecutor(1) as waiter:
                end = waiter.submit(hub.process.terminate)
                time.sleep(room_at)
                subprocess.run(room, check=True)
                ended = end.result()
        if ended != 0:
            wrong.append(f"the hub ended with status {ended}")
        if room_at != AFTER_START:
            hub.start()
        wrong += check_orders(hub, answers)
        if hub.process.terminate() != 0:
            wrong.append("the hub did not end well the second time")
        verify = subprocess.run([str(program), "journal", "verify", "--data-dir", str(data)],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if verify.returncode != 0:
            wrong.append("journal verify: " + verify.stdout.decode(errors="replace"))
        if wrong:
            wrong.append(hub.process.log_tail())
        kept = sum(200 <= status < 300 for status in answers.values())
        gave_up = b"journal_writes_given_up" in (directory / "hub.log").read_bytes()
        moment = {None: "after the end", AFTER_START: AFTER_START}.get(
            room_at, f"{room_at} s after SIGTERM")
        print(f"full_disk: {len(answers)} orders, {kept} accepted, room {moment}, "
              f"{'given up' if gave_up else 'not given up'}, {len(wrong)} wrong")
        return wrong
    finally:
        subprocess.run(["umount", "--lazy", str(data)], check=False)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("program")
    p.add_argument("--rounds", type=int, default=len(ROOM_AT))
    a = p.parse_args()
    if INSIDE not in os.environ:
        enter_namespace()
    program = pathlib.Path(a.program).resolve()
    wrong = []
    for n in range(a.rounds):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="orderhub-full-"))
        try:
            wrong += one_round(program, directory, ROOM_AT[n % len(ROOM_AT)])
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    for text in wrong:
        print("full_disk: " + text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
