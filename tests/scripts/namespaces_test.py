#!/usr/bin/env python3
"""The journal's tools beside a running hub, each the first process of a pid namespace of its own, as
in two containers that share a volume. Needs the right to make namespaces; without it the test is
skipped (exit status 77)."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, Mock, request  # noqa: E402
from order_of_tests import ORDER  # noqa: E402

CONTAINER = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def run(*arguments):
    return subprocess.run(CONTAINER + list(arguments), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, check=False)


def main():
    if not shutil.which("unshare") or run("true").returncode != 0:
        print("no pid namespaces here: not shown")
        sys.exit(77)
    program = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        mock = Mock(program, directory)
        hub = Hub(program, directory, mock.vendor_environment())
        hub.prefix = CONTAINER
        hub.start()
        for number in range(3):  # Each of the tools, more than once, while orders are taken.
            status, _, body = request(hub.port, "POST",
                                      f"/OrderOrchestrator/order-{number}/ProcessOrder", ORDER)
            assert status == 200, (status, body)
            for verb in ("verify", "stats", "dump", "backup"):
                to = [str(directory / f"copy-{number}")] if verb == "backup" else []
                done = run(program, "journal", verb, "--data-dir", str(hub.data), *to)
                assert done.returncode == 0, (verb, done.returncode, done.stdout[-500:])
                assert b"Resource temporarily" not in done.stdout, (verb, done.stdout[-500:])
        checked = run(program, "journal", "verify", "--data-dir", str(directory / "copy-2"))
        assert checked.returncode == 0, checked.stdout
        assert b"\"object\":\"OrderOrchestrator/order-2\"" in run(
            program, "journal", "dump", "--data-dir", str(directory / "copy-2")).stdout

        # A volume that is mounted read-only for the tools: no reader can register, so none reads
        # beside the hub; and without a hub they do read.
        mounted = directory / "mounted"
        mounted.mkdir()
        read_only = (f"mount --bind {hub.data} {mounted} && mount -o remount,ro,bind {mounted} && "
                     f"exec {program} journal stats --data-dir {mounted}")
        mount = ["unshare", "--mount", "sh", "-c", read_only]
        beside = subprocess.run(mount, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                timeout=60, check=False)
        assert beside.returncode == 2 and b"mounted read-only" in beside.stdout, beside.stdout
        # `unshare` ignores SIGTERM; its child, the first of its namespace, is the hub.
        children = pathlib.Path(f"/proc/{hub.process.pid}/task/{hub.process.pid}/children")
        os.kill(int(children.read_text(encoding="ascii").split()[0]), signal.SIGTERM)
        assert hub.process.child.wait(timeout=40) == 0
        after = subprocess.run(mount, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                               check=False)
        assert after.returncode == 0 and b"last_lsn" in after.stdout, after.stdout
        mock.process.terminate()
    print("namespaces: the tools read beside a hub whose process id they share")


if __name__ == "__main__":
    main()
