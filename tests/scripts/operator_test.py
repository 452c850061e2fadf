#!/usr/bin/env python3
"""People act on a real hub: by named tokens that SIGHUP reads again, on record over a SIGKILL, and an
order that somebody settles has one label.

    operator_test.py ORDERHUB
"""
import json
import os
import pathlib
import signal
import subprocess
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
UNREADABLE = {"vendor": "shippo", "operation": "list_labels", "always": True, "effect": "status",
              "status": 503}


def wait_for(what, condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


class Desk:
    """One person's command line."""

    def __init__(self, program, hub, token, folder):
        self.program = str(program)
        self.file = folder / f"{token[:12]}.token"
        self.file.write_text(token, encoding="utf-8")
        self.environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                            "ORDERHUB_ADMIN_URL": f"http://127.0.0.1:{hub.admin_port}",
                            "ORDERHUB_ADMIN_TOKEN_FILE": str(self.file)}

    def run(self, *arguments, typed=""):
        done = subprocess.run([self.program, *arguments], env=self.environment, input=typed,
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def audit(self):
        return json.loads(self.run("audit", "-o", "json")[1])["actions"]


def new_token(program, file, name, role):
    made = subprocess.run([str(program), "token", "new", "--file", str(file), "--name", name,
                           "--role", role], capture_output=True, text=True, timeout=30, check=True)
    return made.stdout.strip()


def main():
    program = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        tokens = directory / "tokens.toml"
        mock = Mock(program, directory)
        token_of = {name: new_token(program, tokens, name, role)
                    for name, role in (("ada", "operate"), ("eve", "read"))}
        assert tokens.stat().st_mode & 0o077 == 0, "the file of tokens is not its owner's alone"
        assert not any(t in tokens.read_text(encoding="utf-8") for t in token_of.values())
        hub = Hub(program, directory, mock.vendor_environment() |
                  {"ORDERHUB_ADMIN_TOKENS": str(tokens)})
        hub.start()
        ada, eve = (Desk(program, hub, token_of[n], directory) for n in ("ada", "eve"))

        mock.control({"clear": True, "faults": [
            {"vendor": "shippo", "operation": "label", "nth": 1, "effect": "drop_after"}, UNREADABLE]})
        status, _, body = request(hub.port, "POST", "/OrderOrchestrator/o-1/ProcessOrder/send", ORDER)
        assert status == 202, body
        wait_for("the label in doubt", lambda: "look-up: 503" in
                 ada.run("orders", "explain", "o-1")[1])

        reason = ("--reason", "case 8812", "--yes")
        assert eve.run("orders", "pause", "o-1", *reason)[0] == 4, "a reader paused an order"
        assert ada.run("orders", "pause", "o-1", *reason)[0] == 0
        # What was acknowledged is on record, however the hub ends.
        hub.process.kill()
        hub.start()
        done = [(a["who"], a["role"], a["action"], a["target"], a["outcome"]) for a in ada.audit()]
        assert ("ada", "operate", "pause", "o-1", "accepted") in done, done
        assert ("eve", "read", "pause", "o-1", "role_too_low") in done, done
        assert "paused" in ada.run("orders", "explain", "o-1")[1].splitlines()[0]

        settle = ("orders", "settle", "o-1", "--step", "label", "--happened")
        assert ada.run("orders", "resume", "o-1", *reason)[0] == 0
        # Her word alone is not believed, and Shippo cannot be read yet.
        status, out, err = ada.run(*settle, *reason, "--wait", "--timeout", "1")
        assert status == 7, (out, err)
        assert "has not confirmed it yet" in " ".join(ada.run("orders", "explain", "o-1")[1].split())
        mock.control({"clear": True})
        wait_for("the order confirmed", lambda: json.loads(request(
            hub.port, "POST", "/OrderOrchestrator/o-1/GetOrder")[2])["status"] == "confirmed")
        labels = [e for e in mock.ledger()["effects"] if e["kind"] == "label"]
        assert len(labels) == 1, labels

        def told():
            return " ".join(ada.run("orders", "explain", "o-1")[1].split())
        assert 'ada (operate, token) said that label happened' in told(), told()
        # Its step is shown again from the next checkpoint on.
        wait_for("the word confirmed", lambda: 'Shippo confirmed it.' in told())

        # A refused label waits for its hour, but not where a person wants it now.
        mock.control({"clear": True, "faults": [
            {"vendor": "shippo", "operation": "label", "always": True, "times": 2, "effect": "refuse"}]})
        assert request(hub.port, "POST", "/OrderOrchestrator/o-2/ProcessOrder/send", ORDER)[0] == 202

        def is_refused():
            return json.loads(request(hub.port, "POST", "/OrderOrchestrator/o-2/GetOrder")[2])["attention"]

        wait_for("the label refused", is_refused)
        status, out, err = ada.run("orders", "retry", "o-2", "--dry-run")
        assert status == 0 and "call label shippo" in out, (status, out, err)
        for step in ((), ("--step", "label")):  # The first is refused once more.
            wait_for("its hour", lambda: "call label shippo" in ada.run("orders", "retry", "o-2", "--dry-run")[1])
            status, out, err = ada.run("orders", "retry", "o-2", *step, *reason)
            assert status == 0 and "accepted" in out, (step, status, out, err)
        wait_for("the label bought", lambda: len([e for e in mock.ledger()["effects"] if e["kind"] == "label"]) == 2)
        tried = [a for a in ada.audit() if (a["action"], a["target"], a["outcome"]) == ("retry", "o-2", "accepted")]
        assert len(tried) == 2, tried

        # Who is in the file no more is out, from SIGHUP on.
        text = tokens.read_text(encoding="utf-8")
        tokens.write_text(text[text.index("[[token]]", 1):], encoding="utf-8")  # Without ada.
        os.kill(hub.process.pid, signal.SIGHUP)
        wait_for("ada shut out", lambda: ada.run("status")[0] == 4)
        assert eve.run("status")[0] == 0
        # A file that cannot be read changes nothing.
        tokens.write_text("[[token]]\n", encoding="utf-8")
        os.kill(hub.process.pid, signal.SIGHUP)
        wait_for("the file refused", lambda: "settings_not_read_again" in
                 (directory / "hub.log").read_text(encoding="utf-8"))
        assert eve.run("status")[0] == 0
        log = (directory / "hub.log").read_text(encoding="utf-8")
        assert not any(t in log for t in token_of.values()), "a token is in the log"
        assert '"event":"operator_action"' in log
        assert hub.process.terminate() == 0
        mock.process.terminate()
    print("operator_test: acted, refused, killed, settled, shut out")


if __name__ == "__main__":
    main()
