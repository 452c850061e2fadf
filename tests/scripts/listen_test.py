#!/usr/bin/env python3
"""Who listens to a real hub's webhooks and follows its journal: what is stored comes first, then what comes,
over a SIGKILL of the hub, each once; replays are marked; a URL is given each, and may fail.

    listen_test.py ORDERHUB
"""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, request  # noqa: E402
from order_of_tests import ORDER  # noqa: E402

PATIENCE_S = 60
SECRET = "whsec_listen"


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


class Receiver:
    """Takes what is forwarded; answers 500 the first so many times for a body that has a word."""

    def __init__(self):
        self.got, self.broken = [], {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                event = json.loads(body)["id"]
                outer.got.append((event, self.path, dict(self.headers), body))
                left = outer.broken.get(event, 0)
                outer.broken[event] = left - 1
                self.send_response(500 if left > 0 else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks/here"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def times(self, event):
        return sum(g[0] == event for g in self.got)


class Lines:
    """A program's lines, as they come."""

    def __init__(self, program, arguments, environment):
        self.process = subprocess.Popen([str(program), *arguments], env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines, self.errors = [], []
        self.readers = [threading.Thread(target=self.read, args=a, daemon=True)
                        for a in ((self.process.stdout, self.lines), (self.process.stderr, self.errors))]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def read(stream, to):
        for line in stream:
            to.append(line)

    def told(self, event, what="received"):
        return sum(l["event"] == what and l.get("id") == event for l in map(json.loads, list(self.lines)))

    def said(self, part):
        return any(part in line for line in list(self.errors))

    def end(self):
        assert self.process.poll() is None, (self.process.returncode, self.errors)
        self.process.terminate()
        self.process.wait(timeout=30)
        for reader in self.readers:
            reader.join()
        self.process.stdout.close()
        self.process.stderr.close()


class Test:
    def __init__(self, program, directory):
        self.program = program
        self.hub = Hub(program, directory, {"STRIPE_WEBHOOK_SECRET": SECRET}, ["--mock"])
        self.environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "STRIPE_WEBHOOK_SECRET": SECRET,
                            "ORDERHUB_ADMIN": f"http://127.0.0.1:{self.hub.admin_port}"}

    def run(self, *arguments, status=0):
        done = subprocess.run([str(self.program), *arguments], env=self.environment, capture_output=True,
                              text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == status, done
        return done.stdout

    def start(self):
        def answers():
            try:
                return request(self.hub.admin_port, "GET", "/restate/health")[0] == 200
            except OSError:
                return False
        self.hub.start()
        wait_for("the admin port", answers)

    def send(self, about):
        """The id of the event as lists have it, and Stripe's own."""
        webhook = self.run("webhooks", "send", "stripe", "payment_intent.succeeded", "--intent", about, "--to",
                           f"http://127.0.0.1:{self.hub.port}").strip()
        return webhook, webhook.partition(":")[2]

    def listen(self, *arguments):
        return Lines(self.program, ["webhooks", "listen", "--output", "jsonl", *arguments], self.environment)

    def check_listening(self):
        receiver = Receiver()
        before, before_id = self.send("pi_before")
        plain = self.listen()
        all_of_them = self.listen("--since", "1h", "--forward-to", receiver.url)
        others = self.listen("--vendor", "shippo", "--since", "2026-01-01")
        wait_for("what is stored", lambda: all_of_them.told(before))
        wait_for("it forwarded", lambda: receiver.times(before_id) == 1)
        wait_for("three streams", lambda: self.hub.metrics()["orderhub_stream_clients"] == 3)
        live, live_id = self.send("pi_live")
        wait_for("what comes", lambda: all_of_them.told(live) and plain.told(live))
        assert not plain.told(before), plain.lines
        wait_for("it forwarded too", lambda: receiver.times(live_id) == 1)
        _, path, headers, body = receiver.got[-1]
        assert path == "/hooks/here" and headers["x-orderhub-webhook"] == live.replace(":", "%3A"), headers
        assert headers["Content-Type"] == "application/json" and json.loads(body)["id"] == live_id, headers
        assert "Stripe-Signature" not in headers and "Authorization" not in headers, headers

        # The hub dies, and events come before anybody who listens is there again.
        self.hub.process.kill()
        wait_for("its absence said", lambda: all_of_them.said("not reached any more"))
        self.start()
        while_away = [self.send(f"pi_away_{n}") for n in range(5)]
        for webhook, event in while_away:
            wait_for(webhook, lambda w=webhook, e=event: plain.told(w) and all_of_them.told(w) and
                     receiver.times(e))
        for webhook, event in [(before, before_id), (live, live_id)] + while_away:
            assert all_of_them.told(webhook) == 1 and receiver.times(event) == 1, (webhook, all_of_them.lines)

        # A replay is marked, and forwarded again.
        self.run("webhooks", "replay", live, "--reason", "a test")
        wait_for("the replay", lambda: plain.told(live, "replayed") == 1)
        wait_for("the replay forwarded", lambda: receiver.times(live_id) == 2)
        assert receiver.got[-1][2]["x-orderhub-replay"] == "1", receiver.got[-1]

        # A failure is asked again, said in the end, and ends nothing.
        receiver.broken[live_id] = 3
        self.run("webhooks", "replay", live, "--reason", "a test")
        wait_for("the failure", lambda: all_of_them.said("was not forwarded: it was answered 500, 3 times"))
        receiver.broken[live_id] = 1
        self.run("webhooks", "replay", live, "--reason", "a test")
        wait_for("the second try", lambda: any(
            l["event"] == "forwarded" and l["taken"] and l["tries"] == 2
            for l in map(json.loads, list(all_of_them.lines))))
        receiver.server.shutdown()
        receiver.server.server_close()
        self.run("webhooks", "replay", live, "--reason", "a test")
        wait_for("the connection refused", lambda: all_of_them.said("3 times") and
                 sum("was not forwarded" in e for e in all_of_them.errors) == 2)
        assert not others.lines, others.lines
        changed = [line for who in (plain, all_of_them) for line in who.lines
                   if '"event":"changed"' in line]
        assert not changed, changed
        for who in (plain, all_of_them, others):
            who.end()
        table = self.run("webhooks", "listen", "--since", "1h", "--for", "300ms")
        assert any(line.split()[1:3] == ["received", before] for line in table.splitlines()), table
        self.run("webhooks", "listen", "--since", "yesterday", status=2)
        self.run("webhooks", "listen", "--forward-to", "file:///etc/passwd", status=2)

    def order(self, key):
        status, _, body = request(self.hub.port, "POST", f"/OrderOrchestrator/{key}/ProcessOrder", ORDER, timeout=60)
        assert status == 200, body

    def check_tail(self):
        def stored(key):
            return json.loads(self.run("orders", "journal", key, "--limit", "0", "--output", "json"))["records"]

        def seen_by(tail, key):
            return [r for r in map(json.loads, list(tail.lines)) if r.pop("order") == key]

        self.order("t-1")
        before = stored("t-1")  # Its vendors' events come later.
        one = Lines(self.program, ["journal", "tail", "t-1", "--output", "jsonl", "--lines", "3"], self.environment)
        every = Lines(self.program, ["journal", "tail", "--output", "jsonl"], self.environment)
        wait_for("the last records", lambda: len(one.lines) >= 3)
        wait_for("two streams", lambda: self.hub.metrics()["orderhub_stream_clients"] == 2)
        self.order("t-2")
        self.hub.process.kill()
        self.start()
        self.order("t-3")

        def whole(tail, key):
            """All of its records, each once."""
            return sorted(map(json.dumps, stored(key))) == sorted(map(json.dumps, seen_by(tail, key)))
        for key in ("t-2", "t-3"):
            wait_for(f"all of {key}", lambda k=key: whole(every, k))
        assert not [r for r in seen_by(every, "t-1") if r in before], every.lines
        assert len([r for r in seen_by(one, "t-1") if r in before]) <= 3, one.lines
        self.run("orders", "cancel", "t-1", "--yes", "--reason", "a test")
        wait_for("more of t-1", lambda: any('"handler":"CancelOrder"' in line for line in one.lines))
        for tail in (one, every):
            tail.end()
        self.run("journal", "tail", "nobody", status=3)
        assert self.run("journal", "tail", "t-2", "--kinds", "output", "--for", "200ms").count("output") > 1


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        test = Test(program, pathlib.Path(folder))
        test.start()
        test.check_listening()
        test.check_tail()
        assert test.hub.process.terminate() == 0
    print("listen_test: stored, live, over a kill, replayed, forwarded; records each once")


if __name__ == "__main__":
    main()
