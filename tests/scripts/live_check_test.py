#!/usr/bin/env python3
"""check-config --live against the mock vendors: what each makes of its key, which setting a wrong one names,
and that nothing was done and no secret shown.

    live_check_test.py ORDERHUB
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Mock, free_port  # noqa: E402


class Check:
    def __init__(self, program, folder, environment):
        self.program, self.folder, self.environment = program, folder, environment

    def run(self, status, *arguments, **changed):
        environment = {**self.environment, **changed}
        ended = subprocess.run([str(self.program), "check-config", "--live", *arguments], cwd=self.folder,
                               env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), **environment},
                               capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == status, ended
        for name, value in environment.items():
            if "KEY" in name or "TOKEN" in name or "WEBHOOK" in name:
                assert value not in ended.stdout + ended.stderr, (name, ended.stdout)
        return ended.stdout

    def live(self, status, **changed):
        return {f["vendor"]: f for f in json.loads(self.run(status, "--json", **changed))["live"]}


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        mock = Mock(program, folder)
        base = f"http://127.0.0.1:{mock.port}"
        check = Check(program, folder, {
            **mock.vendor_environment(), **mock.more_environment(),
            "INVENTORY_API_BASE": base + "/inventory", "INVENTORY_API_KEY": "inventory-hush",
            "WAREHOUSE_API_BASE": base + "/warehouse", "WAREHOUSE_API_KEY": "warehouse-hush",
            "SLACK_WEBHOOK_URL": base + "/slack/services/T0/B0/hushhush"})
        found = check.live(0)
        asked = ["github", "inventory", "sendgrid", "shippo", "slack", "stripe", "twilio", "warehouse"]
        assert [v for v, f in sorted(found.items()) if f["key"] == "sound"] == asked, found
        assert found["slack_webhook"]["key"] == "not_asked", found
        assert (found["stripe"]["mode"], found["shippo"]["mode"]) == ("test", "test"), found
        assert found["slack"]["account"] == "T0ORDERHUB" and found["github"]["account"] == "owner/shop", found
        assert found["twilio"]["account"] == "AC" + "0" * 32 and found["twilio"]["mode"] == "test", found
        table = check.run(0)
        assert "The configuration is sound." in table and any(
            line.split()[:3] == ["stripe", "sound", "test"] for line in table.splitlines()), table
        assert check.run(0, "--quiet") == ""

        # Each wrong key alone, by the name of its setting.
        for vendor, changed, part in (
                ("stripe", {"STRIPE_API_KEY": "sk_test_invalid"}, "STRIPE_API_KEY"),
                ("shippo", {"SHIPPO_API_KEY": "shippo_test_invalid"}, "SHIPPO_API_KEY"),
                ("sendgrid", {"SENDGRID_API_KEY": "SG.invalid"}, "SENDGRID_API_KEY"),
                ("sendgrid", {"SENDGRID_API_KEY": "SG.readonly"}, "no scope mail.send"),
                ("slack", {"SLACK_BOT_TOKEN": "xoxb-invalid"}, "SLACK_BOT_TOKEN"),
                ("twilio", {"TWILIO_AUTH_TOKEN": "invalid"}, "TWILIO_AUTH_TOKEN"),
                ("github", {"GITHUB_TOKEN": "ghp_invalid"}, "GITHUB_TOKEN"),
                ("github", {"GITHUB_REPOSITORY": "owner/missing"}, "GITHUB_REPOSITORY"),
                ("inventory", {"INVENTORY_API_KEY": "invalid"}, "INVENTORY_API_KEY"),
                ("warehouse", {"WAREHOUSE_API_BASE": base + "/custom"}, "WAREHOUSE_API_BASE")):
            found = check.live(2, **changed)
            assert [v for v, f in found.items() if f["key"] == "wrong"] == [vendor], (vendor, found)
            assert part in found[vendor]["why"], found[vendor]
        # Nobody there, or not now; where a key is wrong too, that counts.
        away = {"SHIPPO_API_BASE": f"http://127.0.0.1:{free_port()}"}
        found = check.live(6, **away)
        assert [v for v, f in found.items() if f["key"] == "away"] == ["shippo"], found
        check.live(2, **away, STRIPE_API_KEY="sk_test_invalid")
        mock.control({"faults": [{"vendor": "sendgrid", "always": True, "effect": "status", "status": 503}]})
        assert check.live(6)["sendgrid"]["key"] == "away"
        mock.control({"clear": True})
        # A configuration that is not sound asks nobody.
        before = mock.counters()["requests"]
        check.run(2, STRIPE_API_KEY="pk_test_x")
        ledger = mock.ledger()
        assert ledger["requests"] == before, (before, ledger["requests"])
        assert ledger["effects"] == [] and set(before) <= {
            "stripe.balance", "shippo.list_labels", "sendgrid.scopes", "slack.auth", "twilio.list", "github.list",
            "inventory.request", "warehouse.request", "custom.other"}, before
        built_in = check.live(0, MOCK_MODE="true", STRIPE_API_BASE="", SHIPPO_API_BASE="")
        assert built_in["stripe"]["key"] == "not_asked" and built_in["stripe"]["mode"] == "mock", built_in
        mock.process.terminate()
    print("live_check_test: right and wrong keys are told apart, and nothing was done")


if __name__ == "__main__":
    main()
