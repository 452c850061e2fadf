"""Every example of README.md, API.md and OPERATING.md does what the page says.

    doc_examples_test.py ORDERHUB

Runs the fenced `sh` blocks of each page in their order, in a folder of its own, beside a fresh hub with
mock vendors that is started as scripts/run.sh starts it. What a page shows after a block (`json`, or a
fence without a name) is compared with the end of what the block prints: as many values as are shown.

A fence says what becomes of it:
  sh               is run as it stands, and must end with status 0
  sh background    is started, in place of the hub with mocks that the reader was told to stop, and runs
                   until the page's end
  sh norun         is not run, because it installs, builds or takes long; NOT_RUN lists these
  toml NAME        is the file NAME for the blocks after it
  js norun         is not run: it needs a package of npm

Replaced before a block is run: the documented ports by free ones, `127.0.0.1:PORT` by where the hub says
that its mock vendors are, and folders under /tmp and /backup by folders of the test.

What may differ is elided by one rule: an id (a text of at least 12 letters and digits with a digit in
it, whatever its prefix) stands for any id with the same prefix, but one that is shown twice on a page is
the same one both times, and two that are shown are two; a time (ISO 8601, or 10:02:12.006Z) stands for any
time. In a text these are words, with or without a mark behind them.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from hub_processes import free_port, request  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
# The pages, and what of them is not run.
NOT_RUN = {
    "README.md": ["scripts/run.sh", "scripts/test.sh"],
    "http_gateway/API.md": ["js"],
    "http_gateway/OPERATING.md": ["build/release/orderhub", "build/release/orderhub", "scripts/chaos.sh", "scripts/outage.sh", "scripts/bench.sh"],
}
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.S | re.M)
# What says its kind is an id even where chance gave it no digit: one of 160 of our own has none.
ID = re.compile(r"(?:(ch_|pi_|re_|inv_|evt_)|(?=[A-Za-z_-]*\d))[0-9A-Za-z_-]{12,}")
TIME = re.compile(r"(\d{4}-\d\d-\d\dT)?[\d:.]+Z")
MARKS = "().,;"


class Elision:
    """Whether a value of a page is the real one, ids and times aside."""

    def __init__(self):
        self.real_of, self.shown_of = {}, {}

    def same(self, shown, real):
        if isinstance(shown, dict) and isinstance(real, dict):
            return shown.keys() == real.keys() and all(self.same(shown[k], real[k]) for k in shown)
        if isinstance(shown, list) and isinstance(real, list):
            return len(shown) == len(real) and all(map(self.same, shown, real))
        if isinstance(shown, str) and isinstance(real, str):
            if TIME.fullmatch(shown):
                return TIME.fullmatch(real) is not None
            a, b = ID.fullmatch(shown), ID.fullmatch(real)
            if a and b and a[1] == b[1]:
                return (self.real_of.setdefault(shown, real) == real and
                        self.shown_of.setdefault(real, shown) == shown)
        return shown == real and type(shown) is type(real)

    def same_line(self, shown, real):
        if shown == real:
            return True
        a, b = shown.split(), real.split()
        return len(a) == len(b) and all(
            re.sub(r"[^().,;]", "", x) == re.sub(r"[^().,;]", "", y) and
            self.same(x.strip(MARKS), y.strip(MARKS)) if TIME.fullmatch(x.strip(MARKS)) is None
            else TIME.fullmatch(y.strip(MARKS)) is not None
            for x, y in zip(a, b))


def values_of(text):
    """The JSON values of a text, one behind the other."""
    decoder, found, text = json.JSONDecoder(), [], text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].strip()
    return found


def wait_until(what, condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


class Page:
    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.ports = {p: free_port() for p in ("8080", "9070", "8090", "8081", "9071", "8082", "9072", "8085", "9075")}
        self.running = []
        self.elision = Elision()
        self.hub = self.mocks = None

    def begin(self):
        for name in ("build/release", "tmp"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "build/release/orderhub").symlink_to(PROGRAM)
        self.hub = self.start([str(PROGRAM), "serve", "--mock", "--data-dir", "data"], "hub.out")
        wait_until("the hub", lambda: self.answers("8080"))
        wait_until("where the mocks are", self.finds_mocks)

    def finds_mocks(self):
        said = (self.folder / "hub.out").read_text(encoding="utf-8")
        found = re.search(r"mock vendors on http://(127\.0\.0\.1:\d+)\n", said)
        self.mocks = found[1] if found else None
        return found is not None

    def answers(self, port):
        try:
            return request(self.ports[port], "GET", "/", timeout=5)[0] > 0
        except OSError:
            return False

    def start(self, command, output):
        with open(self.folder / output, "wb") as out, open(self.folder / "log", "ab") as log:
            process = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdout=out,
                                       stderr=log, stdin=subprocess.DEVNULL)
        self.running.append(process)
        return process

    def environment(self, text=""):
        known = {k: v for k, v in os.environ.items()
                 if not re.match(r"ORDERHUB_|STRIPE_|SHIPPO_|SENDGRID_|SLACK_|MOCK_", k)}
        if "--config" in text:
            return known  # The file says where it listens.
        # Any other hub that an example starts takes the free ports too.
        return known | {"ORDERHUB_LISTEN": f"127.0.0.1:{self.ports['8080']}",
                        "ORDERHUB_ADMIN_LISTEN": f"127.0.0.1:{self.ports['9070']}"}

    def fitted(self, text):
        for documented, port in self.ports.items():
            text = text.replace(f"127.0.0.1:{documented}", f"127.0.0.1:{port}")
        text = text.replace("127.0.0.1:PORT", self.mocks)
        return re.sub(r"(?<!\w)/(tmp/|backup\b)", rf"{self.folder}/\1", text)

    def run(self, where, text):
        """What it printed; in a session of its own, so that what it leaves behind is ended too."""
        with tempfile.TemporaryFile() as out, open(self.folder / "log", "ab") as log:
            child = subprocess.Popen(["bash", "-ec", self.fitted(text)], stdout=out,
                                     stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder,
                                     env=self.environment(text), start_new_session=True)
            try:
                status = child.wait(timeout=60)
            except subprocess.TimeoutExpired:
                status = "none within 60 s"
            finally:
                try:
                    os.killpg(child.pid, 9)
                except ProcessLookupError:
                    pass
                child.wait()
            out.seek(0)
            printed = out.read().decode(errors="replace")
        log = (self.folder / "log").read_text(errors="replace")[-1500:]
        assert status == 0, f"{where}: exit status {status}\n{printed}\n{log}"
        return printed

    def compare(self, where, kind, shown, printed):
        if kind == "json":
            expected = values_of(shown)
            lines = [line for line in printed.splitlines() if line.startswith(("{", "["))]
            real = [json.loads(line) for line in lines[-len(expected):]]
            is_same = self.elision.same(expected, real)
        else:
            expected = shown.strip().splitlines()
            real = printed.strip().splitlines()[-len(expected):]
            is_same = len(expected) == len(real) and all(map(self.elision.same_line, expected, real))
        assert is_same, \
            f"{where}: the page shows\n  {expected}\nand the example prints\n  {real}"

    def check(self):
        text = (ROOT / self.name).read_text(encoding="utf-8")
        printed, ran, compared, skipped = None, 0, 0, []
        for fence in FENCE.finditer(text):
            where = f"{self.name}:{text[:fence.start()].count(chr(10)) + 1}"
            kind, body = fence[1].strip(), fence[2]
            if kind == "sh norun":
                commands = [line.split()[0] for line in body.splitlines()]
                for command in commands:
                    assert os.access(ROOT / command, os.X_OK), f"{where}: there is no {command}"
                skipped += commands
            elif kind == "js norun":
                skipped.append("js")
            elif kind.startswith("toml "):
                (self.folder / kind.split()[1]).write_text(self.fitted(body), encoding="utf-8")
            elif kind == "sh background":
                self.stop(self.hub)
                self.start(["bash", "-c", "exec " + self.fitted(body).strip()], "background.out")
                wait_until(f"{where}: an answer", lambda: self.answers("8090"))
            elif kind == "sh":
                printed = self.run(where, body)
                ran += 1
            elif kind in ("json", "") and printed is not None:
                self.compare(where, kind, body, printed)
                printed = None
                compared += 1
            else:
                raise AssertionError(f"{where}: a fence named {kind!r} is not known, or is no output")
        assert skipped == NOT_RUN[self.name], f"{self.name}: not run are {skipped}"
        assert ran > 0 and compared > 0, f"{self.name}: nothing was checked"
        print(f"{self.name}: {ran} examples run, {compared} outputs compared, not run: "
              f"{', '.join(skipped)}")

    def stop(self, process):
        if process in self.running:
            process.terminate()
            process.wait(timeout=60)
            self.running.remove(process)

    def close(self):
        for process in list(self.running):
            self.stop(process)


def main():
    for name in NOT_RUN:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="orderhub-docs-"))
        page = Page(name, folder)
        try:
            page.begin()
            page.check()
        finally:
            page.close()
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
