#!/usr/bin/env python3
"""A provider that nobody wrote code for: pages of configuration alone, by the real program and the
mock vendors. Its calls, its token, its refusals, its doubt, its look-up; and that a wrong page is an
error at start that names the setting."""
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
from order_of_tests import ORDER  # noqa: E402

PAGES = """
[custom.crm]
url = "http://127.0.0.1:{port}/custom"
after = ["confirmed", "cancelled"]
path = "/orders/{{{{reference}}}}"
secret_env = "CRM_TOKEN"
body = {{ order = "{{{{order_id}}}}", event = "{{{{event}}}}", sum = "{{{{total_minor}}}}" }}
key_header = "Idempotency-Key"
doubt = "replay_key 20h"
proof = "/id"
show = "/id"
reason = "/error/code"
terminal = "422"

[custom.erp]
url = "http://127.0.0.1:{port}/custom"
after = "shipped"
method = "PUT"
path = "/orders/{{{{reference}}}}"
body = '{{"order": "{{{{order_id}}}}", "event": "{{{{event}}}}", "label": "{{{{label_id}}}}"}}'
doubt = "look_up 300ms"
proof = "/id"

[custom.erp.look_up]
path = "/orders/{{{{reference}}}}"
found = "/reference"
equals = "{{{{reference}}}}"
absent = "404"

[custom.erp.oauth]
token_url = "http://127.0.0.1:{port}/custom/token"
client_id = "client"
client_secret_env = "ERP_SECRET"
"""
SECRETS = ("crm-tell-nobody", "erp-tell-nobody", "mock_token_", "Y2xpZW50")


def order(hub, name):
    return json.loads(request(hub.port, "POST", f"/OrderOrchestrator/{name}/GetOrder")[2])


def until(what, hold):
    end = time.monotonic() + 60
    while not hold():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)


def place(hub, name):
    status, _, body = request(hub.port, "POST", f"/OrderOrchestrator/{name}/ProcessOrder", ORDER,
                              timeout=60)
    assert status == 200 and json.loads(body)["status"] == "confirmed", body


def noticed(hub, name, notice):
    return order(hub, name).get("notices", {}).get(notice, "")


def told(mock, name):
    """What the provider was told of an order: its events."""
    return sorted(e["step"] for e in mock.ledger()["effects"]
                  if e["kind"] == "custom_call" and e["order_id"] == name)


def rotate(program, mock, directory, pages):
    """Secrets that stand on the pages: wrong ones hold calls up, SIGHUP brings others."""
    def with_secret(text):
        return (pages.replace('secret_env = "CRM_TOKEN"', f'secret = "{text}"')
                .replace('client_secret_env = "ERP_SECRET"', f'client_secret = "{text}"'))

    directory.mkdir()
    page = directory / "orderhub.toml"
    page.write_text(with_secret("invalid"), encoding="utf-8")
    hub = Hub(program, directory, {**mock.vendor_environment(), "ORDERHUB_CONFIG": str(page)})
    hub.start()
    place(hub, "r-1")
    until("both held", lambda: hub.process.alive() and
          (directory / "hub.log").read_text(encoding="utf-8").count("vendor_refuses_credential") >= 2)
    assert not noticed(hub, "r-1", "custom_crm_confirmed"), order(hub, "r-1")
    page.write_text(with_secret("rotated-tell-nobody"), encoding="utf-8")
    os.kill(hub.process.pid, signal.SIGHUP)
    until("told with the other secrets", lambda: noticed(hub, "r-1", "custom_crm_confirmed")
          .startswith("sent") and noticed(hub, "r-1", "custom_erp_shipped") == "sent")
    assert hub.process.terminate() == 0
    log = (directory / "hub.log").read_text(encoding="utf-8")
    assert log.count('"event":"credentials_replaced"') == 2, log
    assert "restart_needed" not in log and "tell-nobody" not in log, log


def main():
    program = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        mock = Mock(program, directory)
        page = directory / "orderhub.toml"
        page.write_text(PAGES.format(port=mock.port), encoding="utf-8")
        environment = {**mock.vendor_environment(), "CRM_TOKEN": SECRETS[0],
                       "ERP_SECRET": SECRETS[1], "ORDERHUB_CONFIG": str(page),
                       "ORDERHUB_LOG_LEVEL": "debug"}
        hub = Hub(program, directory, environment)
        hub.start()

        # 1. Both are told, and GetOrder shows what became of it.
        place(hub, "c-1")
        until("told", lambda: noticed(hub, "c-1", "custom_crm_confirmed").startswith("sent: cus_"))
        until("shipped", lambda: noticed(hub, "c-1", "custom_erp_shipped") == "sent")
        assert told(mock, "c-1") == ["confirmed", "shipped"], told(mock, "c-1")

        # 2. One token for many orders; refused before its time, another one is got, once.
        for number in range(5):
            place(hub, f"many-{number}")
        until("all shipped", lambda: all(noticed(hub, f"many-{n}", "custom_erp_shipped") == "sent"
                                         for n in range(5)))
        assert mock.counters()["requests"]["custom.token"] == 1, mock.counters()["requests"]
        mock.control({"expire_tokens": True})
        place(hub, "c-2")
        until("another token", lambda: noticed(hub, "c-2", "custom_erp_shipped") == "sent")
        assert mock.counters()["requests"]["custom.token"] == 2, mock.counters()["requests"]

        # 3. Answers that are lost: the key, and the look-up, keep it at once each.
        mock.control({"faults": [{"vendor": "custom", "operation": "call", "nth": 1, "times": 2,
                                  "effect": "drop_after"}]})
        place(hub, "c-3")
        until("told", lambda: noticed(hub, "c-3", "custom_crm_confirmed").startswith("sent")
              and noticed(hub, "c-3", "custom_erp_shipped").startswith("sent"))
        assert told(mock, "c-3") == ["confirmed", "shipped"], told(mock, "c-3")
        mock.control({"clear": True})

        # 4. Refused: the order stands, a person is told, with the code and nothing else.
        place(hub, "refused-1")
        until("refused", lambda: noticed(hub, "refused-1", "custom_crm_confirmed")
              == "failed: 422: not_wanted")
        shown = order(hub, "refused-1")
        assert shown["status"] == "confirmed", shown
        assert "custom_crm_confirmed" in json.dumps(shown["attention"]), shown

        # 5. A cancel is told too.
        status, _, body = request(hub.port, "POST", "/OrderOrchestrator/c-1/CancelOrder")
        assert status == 200, body
        until("cancelled", lambda: noticed(hub, "c-1", "custom_crm_cancelled").startswith("sent"))

        # 6. Killed while it is down, it is told afterwards, once.
        mock.control({"faults": [{"vendor": "custom", "operation": "call", "always": True,
                                  "effect": "drop_before"}]})
        place(hub, "c-4")
        hub.process.kill()
        mock.control({"clear": True})
        hub.start()
        until("told after all", lambda: noticed(hub, "c-4", "custom_crm_confirmed")
              .startswith("sent"))
        until("shipped after all", lambda: noticed(hub, "c-4", "custom_erp_shipped")
              .startswith("sent"))
        assert told(mock, "c-4") == ["confirmed", "shipped"], told(mock, "c-4")
        assert hub.process.terminate() == 0

        # 7. No secret is in the log, nor in the journal.
        log = (directory / "hub.log").read_bytes()
        stored = b"".join(f.read_bytes() for f in hub.data.rglob("*") if f.is_file())
        for text in SECRETS:
            assert text.encode() not in log, f"{text} is in the log"
            assert text.encode() not in stored, f"{text} is in the journal"

        # 8. A wrong page is refused at start, by its setting.
        good = PAGES.format(port=mock.port)
        for change, setting in (
                (('"replay_key 20h"', '"look_up"'), "custom.crm.doubt"),
                (('"/orders/{{reference}}"', '"orders"'), "custom.crm.path"),
                (("{{total_minor}}", "{{total_of_all}}"), "custom.crm.body"),
                (('after = "shipped"', 'after = "lost"'), "custom.erp.after"),
                (('"ERP_SECRET"', '"NO_SECRET"'), "custom.erp.oauth.client_secret_env"),
                (('url = "http://127', 'url = "http://192.0.2.1:127'), "custom.crm.url")):
            page.write_text(good.replace(*change), encoding="utf-8")
            refused = subprocess.run([str(program), "serve", "--data-dir", str(directory / "never")],
                                     env=environment, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, timeout=60, check=False)
            assert refused.returncode != 0 and setting.encode() in refused.stdout, (change, refused)
        assert not (directory / "never").exists(), "a refused start has made a directory"

        rotate(program, mock, directory / "rotated", good)
        mock.process.terminate()
    print("custom providers: told once each by pages alone; one token, no secret shown, wrong pages "
          "refused")


if __name__ == "__main__":
    main()
