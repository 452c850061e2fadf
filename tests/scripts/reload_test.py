#!/usr/bin/env python3
"""SIGHUP of the real program: a vendor's key that was replaced in the file counts from the next
call, the log's level at once, and no SIGHUP ends the hub, while it drains neither, nor the end of the
terminal that it was started in."""
import json
import os
import fcntl
import pathlib
import signal
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, Mock, free_port, request  # noqa: E402

ORDER = json.dumps({
    "items": [{"productId": "sku-1", "quantity": 1, "price": 4200}],
    "customer": {"email": "a@example.com", "name": "A Buyer"},
    "shipping": {"street": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701",
                 "country": "US"},
}).encode()


def write_settings(path, key, others=""):
    path.write_text(f'{others}\n[stripe]\napi_key = "{key}"\n', encoding="utf-8")


def events(hub, name):
    with open(hub.directory / "hub.log", encoding="utf-8") as log:
        return [line for line in log if f'"event":"{name}"' in line]


def wait_for(what, condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.01)


def outlives_its_terminal(program, directory, environment):
    """As `orderhub serve` typed into a window that is closed: SIGHUP, and nowhere to write to."""
    ours, theirs = os.openpty()
    port = free_port()

    def own_the_terminal():
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    child = subprocess.Popen(
        [str(program), "serve", "--data-dir", str(directory / "typed"), "--listen",
         f"127.0.0.1:{port}", "--admin-listen", f"127.0.0.1:{free_port()}", "--log-level", "debug"],
        stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=own_the_terminal,
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), **environment})
    try:
        os.close(theirs)
        text = b""
        while b"orderhub on http" not in text:
            text += os.read(ours, 4096)
        os.close(ours)
        status, _, body = request(port, "POST", "/OrderOrchestrator/typed/ProcessOrder", ORDER)
        assert status == 200 and json.loads(body)["status"] == "confirmed", (status, body)
        assert child.poll() is None, "the end of the terminal ended the hub"
    finally:
        child.terminate()
        assert child.wait(timeout=40) == 0


def by_an_operator(hub, file):
    """An admin has them read again, hears beforehand what that comes to, and is on record."""
    def asked(query=""):
        status, _, body = request(hub.admin_port, "POST", "/admin/config/reload" + query,
                                  json.dumps({"reason": "stripe has a new key"}).encode())
        return status, json.loads(body)

    replaced = len(events(hub, "credentials_replaced"))
    write_settings(file, "sk_test_next", 'label_timeout = "20s"')
    status, said = asked("?dry_run=true")
    assert status == 200 and said["plan"] == {"credentials": ["stripe"], "restart_needed": True}, said
    write_settings(file, "sk_test_next")
    status, said = asked()
    assert status == 202 and said["plan"] == {"credentials": ["stripe"], "restart_needed": False}, said
    wait_for("the key replaced", lambda: len(events(hub, "credentials_replaced")) == replaced + 1)

    def on_record():
        return json.loads(request(hub.admin_port, "GET", "/admin/audit?action=reload")[2])["actions"]

    audit = on_record()  # The 202 came when it was on disk.
    assert audit and audit[0]["id"] == said["audit_id"], (audit, said)
    assert len(audit) == 1 and audit[0]["reason"] == "stripe has a new key", audit
    file.write_text("[stripe]\napi_key = \n", encoding="utf-8")
    status, said = asked()
    assert status == 409 and "line 2" in said["message"], said
    nobody = file.with_name("nobody")
    nobody.write_text("", encoding="utf-8")
    nobody.chmod(0o600)
    write_settings(file, "sk_test_next", f'admin_tokens = "{nobody}"')
    status, said = asked("?dry_run=true")  # The plan says what taking them would come to.
    assert status == 409 and "names nobody" in said["message"], said
    write_settings(file, "sk_test_good")


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

        write_settings(file, "sk_test_invalid", 'log_level = "warn"\nlabel_timeout = "20s"')
        os.kill(hub.process.pid, signal.SIGHUP)
        wait_for("a setting that asks for a restart", lambda: events(hub, "restart_needed"))
        write_settings(file, "sk_test_invalid")
        os.kill(hub.process.pid, signal.SIGHUP)
        wait_for("the level back at info", lambda: len(events(hub, "settings_read_again")) > 1)
        assert len(events(hub, "settings_read_again")) == 2, "an info event at the level `warn`"

        file.write_text("[stripe]\napi_key = \n", encoding="utf-8")
        os.kill(hub.process.pid, signal.SIGHUP)
        wait_for("a file that is no TOML refused", lambda: events(hub, "settings_not_read_again"))

        write_settings(file, "sk_test_good")
        os.kill(hub.process.pid, signal.SIGHUP)
        wait_for("the key replaced", lambda: events(hub, "credentials_replaced"))
        assert len(events(hub, "restart_needed")) == 1, "of a key that was replaced"
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

        # A token of one's own, and another: of the two ports, from the next request on.
        read = len(events(hub, "settings_read_again"))
        for number, token in enumerate(("first", "second"), 1):
            write_settings(file, "sk_test_good", f'api_token = "{token}"')
            os.kill(hub.process.pid, signal.SIGHUP)
            wait_for("a token", lambda: len(events(hub, "settings_read_again")) == read + number)
            for port, path in ((hub.port, "/OrderOrchestrator/after/GetOrder"),
                               (hub.admin_port, "/metrics")):
                method = "GET" if port == hub.admin_port else "POST"
                for said, expected in (("first", 200 if number == 1 else 401),
                                       ("second", 401 if number == 1 else 200), ("", 401)):
                    answer = request(port, method, path,
                                     headers={"Authorization": f"Bearer {said}"})
                    assert answer[0] == expected, (port, token, said, answer)
        write_settings(file, "sk_test_good")
        os.kill(hub.process.pid, signal.SIGHUP)
        wait_for("no token", lambda: len(events(hub, "settings_read_again")) == read + 3)
        by_an_operator(hub, file)

        outlives_its_terminal(program, directory, mock.vendor_environment())

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
