#!/usr/bin/env python3
"""A root that is mounted read-only, with one directory that can be written to: the data directory.
The hub with its built-in vendors, and the journal's tools, write nowhere else. Needs the right to
make a mount namespace; without it the test is skipped (exit status 77)."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import free_port, request  # noqa: E402
from order_of_tests import ORDER  # noqa: E402


def within(data, command):
    """The command under a root that is read-only everywhere but in `data`. /proc and /dev stay, as
    a container has them."""
    # Every mount below the root is a mount of its own, and is made read-only by itself.
    script = f"""set -e
mount --make-rprivate /
mount --bind {data} {data}
awk '{{print $5}}' /proc/self/mountinfo | sort -u | while read -r at; do
  case "$at" in
    {data}|/proc|/proc/*|/dev|/dev/*|/sys|/sys/*) ;;
    *) mount -o remount,ro,bind "$at" 2>/dev/null || true ;;
  esac
done
if touch {data.parent}/probe 2>/dev/null || touch /tmp/orderhub-probe 2>/dev/null; then exit 77; fi
cd /
exec {command}"""
    return ["unshare", "--mount", "sh", "-c", script]


def main():
    if not shutil.which("unshare") or subprocess.run(["unshare", "--mount", "true"],
                                                     check=False).returncode != 0:
        print("no mount namespaces here: not shown")
        sys.exit(77)
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data"
        data.mkdir()
        port, admin = free_port(), free_port()
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent"}
        hub = subprocess.Popen(
            within(data, f"{program} serve --mock --data-dir {data}/journal "
                         f"--listen 127.0.0.1:{port} --admin-listen 127.0.0.1:{admin}"),
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(hub.stdout.fileno(), False)
        said = b""
        try:
            end = time.monotonic() + 60
            while b"mock vendors on" not in said:
                said += hub.stdout.read() or b""
                if hub.poll() == 77:
                    print("the root cannot be made read-only here: not shown")
                    sys.exit(77)
                assert hub.poll() is None and time.monotonic() < end, said
                time.sleep(0.02)
            status, _, body = request(port, "POST", "/OrderOrchestrator/one/ProcessOrder", ORDER,
                                      timeout=60)
            assert status == 200 and json.loads(body)["status"] == "confirmed", (status, body)
            for verb in ("verify", "stats", "dump", f"backup {data}/copy"):
                done = subprocess.run(
                    within(data, f"{program} journal {verb} --data-dir {data}/journal"),
                    env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                    check=False)
                assert done.returncode == 0, (verb, done.stdout)
        finally:
            hub.terminate()
            assert hub.wait(timeout=40) == 0, said
    print("read-only root: nothing is written but in the data directory")


if __name__ == "__main__":
    main()
