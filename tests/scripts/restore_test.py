#!/usr/bin/env python3
"""A hub that is restored from a backup, and orders that were charged and shipped after it was made:
sent again unchanged, with another card, and with `retry`. The vendors' ledger judges."""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, Mock, request  # noqa: E402
from order_of_tests import ORDER, order_with  # noqa: E402


def process(hub, order, body=ORDER):
    status, _, answer = request(hub.port, "POST", f"/OrderOrchestrator/{order}/ProcessOrder", body,
                                timeout=60)
    assert status == 200, (order, status, answer)
    return json.loads(answer)


def main():
    program = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        mock = Mock(program, directory)
        environment = {**mock.vendor_environment(), "ORDERHUB_ABSENCE_AFTER": "300ms"}
        hub = Hub(program, directory, environment)
        hub.start()
        process(hub, "before")
        before = time.time() * 1000
        copied = subprocess.run([str(program), "journal", "backup", "--data-dir", str(hub.data),
                                 str(directory / "copy")], timeout=60, check=False)
        assert copied.returncode == 0
        first = {order: process(hub, order) for order in ("same", "card")}
        assert hub.process.terminate() == 0

        stats = json.loads(subprocess.run(
            [str(program), "journal", "stats", "--data-dir", str(directory / "copy")],
            stdout=subprocess.PIPE, timeout=60, check=True).stdout)
        assert before <= stats["copied_at"] <= time.time() * 1000, stats
        assert stats["copied_lsn"] > 0, stats

        def restore(*arguments):
            return subprocess.run([str(program), "journal", "restore", *map(str, arguments)],
                                  stdout=subprocess.PIPE, text=True, timeout=60, check=False)

        # Not over a journal, not from what is no copy, and not from a damaged one.
        for source, target, part in ((directory / "copy", hub.data, "not an empty directory"),
                                     (hub.data, directory / "new", "does not say that it is a copy"),
                                     (directory / "none", directory / "new", "none")):
            refused = restore(source, target)
            assert refused.returncode == 2 and part in refused.stdout, refused
        damaged = directory / "damaged"
        damaged.mkdir()
        bytes_of = bytearray((directory / "copy" / "data.mdb").read_bytes())
        for at in range(3 * 4096, len(bytes_of), 4096):
            bytes_of[at + 64:at + 512] = bytes(448)
        (damaged / "data.mdb").write_bytes(bytes_of)
        refused = restore(damaged, directory / "new")
        assert refused.returncode == 1 and "nothing was copied" in refused.stdout, refused
        looked = restore(directory / "copy", directory / "new", "--dry-run")
        assert looked.returncode == 0 and "can be copied to" in looked.stdout, looked
        assert not (directory / "new").exists()
        restored = restore(directory / "copy", directory / "new")
        assert restored.returncode == 0 and f"up to LSN {stats['copied_lsn']}" in restored.stdout, restored
        assert "restored_from_copy" in restored.stdout, restored

        hub.data = directory / "new"
        hub.start()
        assert process(hub, "before")["message"] == "Order already processed"
        unchanged = process(hub, "same")
        other = order_with(payment={"method": "pm_card_mastercard"})
        card = process(hub, "card", other)
        again = process(hub, "card", order_with(payment={"method": "pm_card_mastercard"},
                                                retry=True))
        for now, then in ((unchanged, "same"), (card, "card"), (again, "card")):
            for member in ("status", "chargeId", "labelId", "trackingNumber"):
                assert now[member] == first[then][member], (member, now, first[then])
        effects = mock.ledger()["effects"]
        for order in ("before", "same", "card"):
            for kind in ("charge", "label"):
                count = sum(e["kind"] == kind and e["order_id"] == order for e in effects)
                assert count == 1, (order, kind, count)
        process(hub, "new")
        assert hub.process.terminate() == 0

        # The backup can be restored again. The mark of the copy has become the restore's, which stays.
        stats = json.loads(subprocess.run(
            [str(program), "journal", "stats", "--data-dir", str(hub.data)],
            stdout=subprocess.PIPE, timeout=60, check=True).stdout)
        assert "copied_at" not in stats and len(stats["restored"]) == 1, stats
        log = (directory / "hub.log").read_text(encoding="utf-8")
        assert log.count('"event":"restored_from_copy"') == 1, log
        mock.process.terminate()
    print("restore: what was charged and shipped after the copy is adopted, not done again")


if __name__ == "__main__":
    main()
