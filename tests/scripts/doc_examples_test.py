"""Every example of README.md, API.md and OPERATING.md does what the page says.

    doc_examples_test.py ORDERHUB

Runs the fenced `sh` blocks of each page in their order against a fresh hub with mock vendors, started
as scripts/run.sh starts it, and compares what the last command of a block prints with the block of
output (`json`, or one without a name) that follows it. What is substituted: the documented ports by
free ones, `/tmp/orderhub-demo` and `/backup` by folders of the test. What may differ: ids and tracking
numbers (by their prefix and being there), times.

A fence says how its block is run: `sh` as it stands; `sh background` until the page's end, in place of
the hub with mocks that the reader was told to stop; `sh norun` not at all (it builds, or takes long).
A fence with another name is no example of a command.
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = pathlib.Path(sys.argv[1]).resolve()
PAGES = {"README.md": 1, "http_gateway/API.md": 0, "http_gateway/OPERATING.md": 1}  # `norun` blocks
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.S | re.M)
FOREIGN = {"toml", "js"}
ELIDED = re.compile(r"^(ch_|pi_|re_|inv_|evt_)?[0-9A-Za-z_-]{12,}$")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(url):
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError:
            return  # It answers.
        except OSError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.02)


def shape(value):
    """A value with what may differ taken out: an id as its prefix."""
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shape(v) for v in value]
    if isinstance(value, str) and re.search(r"\d", value) and ELIDED.match(value):
        return "<" + (re.match(r"(ch_|pi_|re_|inv_|evt_)?", value)[0] or "id") + ">"
    return value


def compare(where, kind, shown, printed):
    last = printed.strip().splitlines()[-1] if printed.strip() else ""
    if kind == "json":
        expected, real = shape(json.loads(shown)), shape(json.loads(last))
        # A page may leave lists out that are empty.
        for key, value in (real if isinstance(real, dict) else {}).items():
            if value in ([], {}) and key not in expected:
                expected[key] = value
        for key in [k for k, v in expected.items() if v in ([], {}) and k not in real]:
            del expected[key]
    else:
        expected, real = shown.strip(), last.strip()
    assert expected == real, f"{where}: the page shows\n  {expected}\nthe hub says\n  {real}"


class Page:
    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self.ports = {p: free_port() for p in ("8080", "9070", "8090")}
        self.running = []
        (folder / "build/release").mkdir(parents=True)
        (folder / "build/release/orderhub").symlink_to(PROGRAM)
        self.hub = self.start([str(PROGRAM), "serve", "--mock", "--data-dir", "data", "--listen",
                               f"127.0.0.1:{self.ports['8080']}", "--admin-listen",
                               f"127.0.0.1:{self.ports['9070']}"])
        wait_for(f"http://127.0.0.1:{self.ports['8080']}/restate/health")

    def start(self, command):
        process = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, env=self.environment())
        self.running.append(process)
        return process

    def environment(self):
        known = {k: v for k, v in os.environ.items()
                 if not re.match(r"ORDERHUB_|STRIPE_|SHIPPO_|SENDGRID_|SLACK_|MOCK_", k)}
        # A hub that an example starts takes the free port too.
        return known | {"ORDERHUB_LISTEN": f"127.0.0.1:{self.ports['8080']}",
                        "ORDERHUB_ADMIN_LISTEN": f"127.0.0.1:{self.ports['9070']}"}

    def fitted(self, text):
        for documented, port in self.ports.items():
            text = text.replace(f"127.0.0.1:{documented}", f"127.0.0.1:{port}")
        return (text.replace("/tmp/orderhub-demo", str(self.folder / "demo"))
                .replace("/backup", str(self.folder / "backup")))

    def run(self, text):
        done = subprocess.run(["bash", "-ec", self.fitted(text)], cwd=self.folder, text=True,
                              capture_output=True, check=False, env=self.environment(), timeout=120)
        return done

    def stop(self, process):
        process.terminate()
        process.wait(timeout=60)
        self.running.remove(process)

    def check(self):
        text = (ROOT / self.name).read_text(encoding="utf-8")
        printed, ran, compared, skipped = None, 0, 0, 0
        for fence in FENCE.finditer(text):
            where = f"{self.name}:{text[:fence.start()].count(chr(10)) + 1}"
            kind, body = fence[1].strip(), fence[2]
            if kind == "sh norun":
                skipped += 1
            elif kind == "sh background":
                if self.hub is not None and self.hub in self.running:
                    self.stop(self.hub)
                self.start(["bash", "-c", "exec " + self.fitted(body).strip()])
                wait_for(f"http://127.0.0.1:{self.ports['8090']}/ledger")
            elif kind == "sh":
                done = self.run(body)
                # 1 and 7 to 28 are what curl or a tool says where it failed.
                assert done.returncode == 0, f"{where}: exit {done.returncode}\n{done.stdout}" \
                                             f"{done.stderr}"
                printed = done.stdout
                ran += 1
            elif kind in ("json", "") and printed is not None:
                compare(where, kind, body, printed)
                printed = None
                compared += 1
            else:
                assert kind in FOREIGN, f"{where}: a fence named {kind!r} is not known"
        assert skipped == PAGES[self.name], f"{self.name}: {skipped} blocks are not run"
        assert ran > 0 and compared > 0, f"{self.name}: nothing was checked"
        return ran, compared

    def close(self):
        for process in list(self.running):
            self.stop(process)


def story_of_the_kill(printed):
    """README's demonstration: doubt after the kill, then one charge and one label."""
    lines = [line for line in printed.splitlines() if line.startswith("{")]
    first, second = json.loads(lines[-3]), json.loads(lines[-2])
    assert [d["step"] for d in first["in_doubt"]] == ["label"], lines
    assert second["status"] == "confirmed" and second["in_doubt"] == [], lines
    assert "'charge': 1" in lines[-1] and "'label': 1" in lines[-1], lines


def main():
    for name in PAGES:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="orderhub-docs-"))
        page = Page(name, folder)
        try:
            if name == "README.md":
                ordinary = page.run

                def watched(text):
                    done = ordinary(text)
                    if "kill -9" in text:
                        story_of_the_kill(done.stdout)
                    return done
                page.run = watched
            ran, compared = page.check()
            print(f"{name}: {ran} examples run, {compared} outputs compared")
        finally:
            page.close()
            shutil.rmtree(folder, ignore_errors=True)


main()
