#!/usr/bin/env python3
"""A busy hub is backed up over its admin API: the copy is a whole journal, has every order that was
answered before it began, and a hub starts on it. Nobody is shown a secret on the way.

    backup_test.py ORDERHUB
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, Mock, request  # noqa: E402
from order_of_tests import ORDER  # noqa: E402

SECRETS = {"ORDERHUB_API_TOKEN": "hidden-token-of-the-port", "ORDERHUB_ADMIN_TOKEN": "hidden-admin",
           "STRIPE_WEBHOOK_SECRET": "whsec_hidden"}


def wait_for(what, condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


class Orders:
    """Sends orders one after the other until it is told to stop."""

    def __init__(self, hub, name):
        self.hub, self.name, self.done, self.is_over = hub, name, [], False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.is_over:
            key = f"{self.name}-{len(self.done)}"
            status, _, body = request(self.hub.port, "POST", f"/OrderOrchestrator/{key}/ProcessOrder", ORDER,
                                      headers=authorized("ORDERHUB_API_TOKEN"), timeout=60)
            assert status == 200, (key, status, body)
            self.done.append(key)

    def stop(self):
        self.is_over = True
        self.thread.join()


def authorized(name):
    return {"Authorization": "Bearer " + SECRETS[name]}


def ask(hub, method, path, body=None):
    status, _, text = request(hub.admin_port, method, "/admin" + path, body and json.dumps(body).encode(),
                              headers=authorized("ORDERHUB_ADMIN_TOKEN"))
    return status, json.loads(text), text.decode()


def backup_stamp(hub):
    text = request(hub.admin_port, "GET", "/metrics", headers=authorized("ORDERHUB_ADMIN_TOKEN"))[2].decode()
    name = "orderhub_backup_last_success_timestamp_seconds "
    return next(float(line[len(name):]) for line in text.splitlines() if line.startswith(name))


def main():
    program = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        mock = Mock(program, directory)
        hub = Hub(program, directory, {**mock.vendor_environment(), **SECRETS})
        reason = {"reason": "before the upgrade"}

        hub.start()
        status, answer, _ = ask(hub, "POST", "/journal/backup", reason)
        assert status == 409 and "ORDERHUB_BACKUP_DIR" in answer["message"], answer
        assert hub.process.terminate() == 0

        copies = directory / "copies"
        hub.environment["ORDERHUB_BACKUP_DIR"] = str(copies)
        hub.start()
        assert ask(hub, "GET", "/status")[1]["backup"]["last_success_at"] is None
        assert backup_stamp(hub) == 0
        busy = [Orders(hub, name) for name in ("a", "b", "c")]
        wait_for("orders", lambda: all(len(b.done) >= 5 for b in busy))

        status, planned, _ = ask(hub, "POST", "/journal/backup?dry_run=true", reason)
        assert status == 200 and planned["plan"]["copy_bytes"] > 0, planned
        assert not copies.exists(), "a dry run made something"
        before = [key for b in busy for key in list(b.done)]
        status, begun, _ = ask(hub, "POST", "/journal/backup", reason)
        assert status == 202, begun
        copy = pathlib.Path(begun["plan"]["to"])
        assert copy.parent == copies, copy
        wait_for("the backup", lambda: ask(hub, "GET", "/journal")[1]["backups"]["last"])
        for b in busy:
            b.stop()

        backups = ask(hub, "GET", "/journal")[1]["backups"]
        assert backups["last"]["failed"] is None and backups["running"] is None, backups
        assert backups["last"]["size_bytes"] == (copy / "data.mdb").stat().st_size, backups
        assert [(c["name"], c["whole"]) for c in backups["copies"]] == [(copy.name, True)], backups
        assert backups["last_success_at"] and 0 <= backups["age_ms"] < 60_000, backups
        assert backup_stamp(hub) > 1.7e9
        assert (copy / "data.mdb").stat().st_mode & 0o077 == 0
        audit = ask(hub, "GET", "/audit?action=backup")[1]["actions"]
        assert [a["reason"] for a in audit if a["outcome"] == "accepted"] == [reason["reason"]], audit
        files = ask(hub, "GET", "/journal")[1]
        assert files["rows"]["mt"] > 0 and files["last_lsn"] > 0 and files["commits"]["count"] > 0, files

        status, config, text = ask(hub, "GET", "/config")
        assert status == 200 and config["settings"]["backup_dir"] == {
            "value": str(copies), "from": "environment"}, config
        assert config["settings"]["api_token"]["value"].startswith("set (sha256 "), config
        shown = text + json.dumps(files) + (directory / "hub.log").read_text(encoding="utf-8")
        for value in (*SECRETS.values(), "sk_test_bench", "shippo_test_bench", "SG.bench", "xoxb-bench"):
            assert value not in shown, f"a secret is shown: {value}"
        assert hub.process.terminate() == 0

        # A copy that belongs to a hub does not outlive it.
        orphan = subprocess.run([str(program), "journal", "backup", "--data-dir", str(hub.data),
                                 str(directory / "orphan")], env={"ORDERHUB_ENDS_WITH": "1"},
                                stderr=subprocess.PIPE, timeout=60, check=False)
        assert orphan.returncode == 2 and b"hub that asked for it has ended" in orphan.stderr, orphan
        assert not (directory / "orphan").exists()

        checked = subprocess.run([str(program), "journal", "verify", "--data-dir", str(copy)],
                                 stdout=subprocess.PIPE, timeout=60, check=False)
        assert checked.returncode == 0 and b"problems=0" in checked.stdout, checked
        shutil.copytree(copy, directory / "restored")
        hub.data = directory / "restored"
        hub.start()
        for key in before:
            _, _, order = request(hub.port, "POST", f"/OrderOrchestrator/{key}/GetOrder",
                                  headers=authorized("ORDERHUB_API_TOKEN"))
            assert json.loads(order)["status"] == "confirmed", (key, order)
        assert hub.process.terminate() == 0
        mock.process.terminate()
    print(f"backup: {len(before)} orders of a busy hub are in its copy, and it starts")


if __name__ == "__main__":
    main()
