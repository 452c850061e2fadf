#!/usr/bin/env python3
"""Who follows a real hub, and who comes by its Unix socket: what changes is told by LSN, over a SIGKILL
too; the kernel says who asks; a socket that a killed hub left is replaced, and another hub's is not.

    stream_test.py ORDERHUB
"""
import json
import os
import pathlib
import pty
import pwd
import select
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, Process, free_port, request  # noqa: E402

ORDER = json.dumps({
    "items": [{"productId": "sku-1", "quantity": 1, "price": 4200}],
    "customer": {"email": "a@example.com", "name": "A Buyer"},
    "shipping": {"street": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701",
                 "country": "US"},
}).encode()
PATIENCE_S = 60


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


class Events:
    """A stream, read as a browser does: over the wire, its chunks joined."""

    def __init__(self, port, query="", last_event_id=None):
        self.wire = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        more = f"Last-Event-ID: {last_event_id}\r\n" if last_event_id else ""
        self.wire.sendall(f"GET /admin/stream{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n".encode())
        self.file = self.wire.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.head = {}
        while (line := self.file.readline().strip()):
            name, _, value = line.decode().partition(": ")
            self.head[name.lower()] = value
        self.text, self.id = b"", None

    def close(self):
        self.file.close()
        self.wire.close()

    def next(self):
        """The next event: (name, data)."""
        while b"\n\n" not in self.text:
            size = int(self.file.readline(), 16)
            assert size > 0, "the stream ended"
            self.text += self.file.read(size)
            self.file.readline()
        event, _, self.text = self.text.partition(b"\n\n")
        fields = dict(line.split(": ", 1) for line in event.decode().splitlines() if not line.startswith(":"))
        self.id = fields.get("id", self.id)
        return (fields["event"], json.loads(fields["data"])) if "data" in fields else self.next()

    def until_order(self, key):
        """Events up to one that has this order; their orders' keys."""
        keys = []
        while key not in keys:
            name, data = self.next()
            assert name == "change", (name, data)
            keys += [o["key"] for o in data.get("orders", [])]
        return keys


class Lines:
    """A program's lines, as they come."""

    def __init__(self, arguments, environment):
        self.process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def has(self, key):
        return any(json.loads(line)["key"] == key for line in self.lines)

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()


def start(hub):
    """Until its admin port answers, which opens last."""
    def answers():
        try:
            return request(hub.admin_port, "GET", "/restate/health")[0] == 200
        except OSError:
            return False
    hub.start()
    wait_for("the admin port", answers)


def send_order(hub, key):
    status, _, body = request(hub.port, "POST", f"/OrderOrchestrator/{key}/ProcessOrder", ORDER)
    assert status == 200, body


def check_socket(program, hub, directory, environment):
    """The CLI finds the socket by the data directory, and the audit has the name of whoever ran it."""
    path = hub.data / "admin.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o660, oct(path.stat().st_mode)

    def run(*arguments, prefix=(), env=None):
        done = subprocess.run([*prefix, str(program), *arguments], env=env or environment,
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    send_order(hub, "o-1")
    assert run("vendors", "pause", "stripe", "--reason", "a test")[0] == 0
    assert run("vendors", "resume", "stripe", "--reason", "a test")[0] == 0
    done = json.loads(run("audit", "-o", "json")[1])["actions"]
    me = pwd.getpwuid(os.geteuid()).pw_name
    assert any((a["who"], a["role"], a["via"], a["action"]) == (me, "admin", "socket", "pause")
               for a in done), done

    # Who is only in its group may what the setting says; who is in no way may nothing.
    if os.geteuid() != 0:
        return
    open_path = directory / "open" / "admin.sock"
    nobody = ["setpriv", "--reuid=65534", "--regid=65534"]
    member, stranger = nobody + [f"--groups={os.getegid()}"], nobody + ["--clear-groups"]
    if run("--version", prefix=stranger)[0] != 0:
        print("stream_test: nobody cannot run the program here; its group is not tried")
        return
    by_socket = ("--url", f"unix:{open_path}")
    reason = ("--reason", "a test")
    assert run("vendors", "pause", "shippo", *reason, *by_socket, prefix=member)[0] == 0
    assert run("vendors", "resume", "shippo", *reason, *by_socket, prefix=member)[0] == 0
    assert run("vendors", "close", "shippo", *reason, *by_socket, prefix=member)[0] == 4
    assert run("status", *by_socket, prefix=stranger)[0] == 6
    done = json.loads(run("audit", "-o", "json", *by_socket)[1])["actions"]
    assert any((a["role"], a["via"], a["outcome"]) == ("operate", "socket", "role_too_low") for a in done), done


def check_top(program, environment):
    """Draws vendors and orders on a terminal, and ends with q; off a terminal it says so."""
    done = subprocess.run([str(program), "top"], env=environment, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 2 and "needs a terminal" in done.stderr, done
    child, terminal = pty.fork()
    if child == 0:
        os.execve(program, [str(program), "top"],
                  environment | {"TERM": "xterm", "LC_ALL": "C.UTF-8"})
    seen = b""

    def shows(text):
        nonlocal seen
        if select.select([terminal], [], [], 0.05)[0]:
            seen += os.read(terminal, 65536)
        return text in seen
    wait_for("the vendors on the terminal", lambda: shows(b"VENDOR") and shows(b"stripe"))
    os.write(terminal, b"q")
    status = None

    def has_ended():
        nonlocal status
        shows(b"")
        done, code = os.waitpid(child, os.WNOHANG)
        status = code if done else None
        return done != 0
    try:
        wait_for("its end", has_ended)
    except OSError:  # The terminal went with it.
        status = os.waitpid(child, 0)[1]
    assert status == 0, status
    os.close(terminal)


def check_one_hub_a_socket(program, hub, directory):
    """A second hub at the same socket does not start, and says so; the first one's stays."""
    other = Process([str(program), "serve", "--mock", "--data-dir", str(directory / "other"),
                     "--listen", f"127.0.0.1:{free_port()}", "--admin-listen", f"127.0.0.1:{free_port()}",
                     "--admin-socket", str(hub.data / "admin.sock")], {}, directory / "other.log")
    status = other.child.wait(timeout=60)
    other.child.stdout.close()
    assert status == 1, status
    assert "another process listens at the socket" in other.log_tail(), other.log_tail()


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        directory.chmod(0o755)
        (directory / "open").mkdir()
        hub = Hub(program, directory, {}, ["--mock"])
        start(hub)
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "ORDERHUB_DATA_DIR": str(hub.data)}
        check_one_hub_a_socket(program, hub, directory)
        assert hub.process.terminate() == 0
        assert not (hub.data / "admin.sock").exists(), "the socket's file is still there"
        # A socket of its own, for people of the group.
        hub.arguments = ["--mock", "--admin-socket", str(directory / "open" / "admin.sock")]
        start(hub)
        mode = stat.S_IMODE((directory / "open" / "admin.sock").stat().st_mode)
        assert mode == 0o660, oct(mode)
        os.symlink(directory / "open" / "admin.sock", hub.data / "admin.sock")
        check_socket(program, hub, directory, environment)

        stream = Events(hub.admin_port)
        assert stream.status == 200 and stream.head["x-accel-buffering"] == "no", stream.head
        assert stream.next()[0] == "begin"
        send_order(hub, "o-2")
        stream.until_order("o-2")
        seen = stream.id
        assert hub.metrics()["orderhub_stream_clients"] >= 1
        stream.close()
        wait_for("the place free", lambda: hub.metrics()["orderhub_stream_clients"] == 0)
        watch = Lines([str(program), "orders", "list", "--watch", "-o", "jsonl"], environment)
        wait_for("the list", lambda: watch.has("o-2"))
        send_order(hub, "o-3")
        wait_for("what changes", lambda: watch.has("o-3"))

        # What came while nobody listened is told, and so it is over a SIGKILL, without a list being read.
        hub.process.kill()
        assert (directory / "open" / "admin.sock").exists(), "nothing to replace"
        start(hub)
        stream = Events(hub.admin_port, "?from=1", last_event_id=seen)
        name, data = stream.next()
        assert name == "begin" and data["resumed"], (name, data)
        assert "o-3" in stream.until_order("o-3")
        send_order(hub, "o-4")
        stream.until_order("o-4")
        wait_for("the command line there again", lambda: watch.has("o-4"))
        assert watch.process.poll() is None
        watch.end()
        done = subprocess.run([str(program), "orders", "watch", "o-4", "--timeout", "60"], env=environment,
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0 and "confirmed" in done.stdout, done
        assert subprocess.run([str(program), "orders", "watch", "o-404"], env=environment,
                              capture_output=True, timeout=60, check=False).returncode == 3
        check_top(program, environment)
        # No event of that place is known: lists are to be read again.
        lost = Events(hub.admin_port, "?from=987654321")
        assert lost.next()[0] == "reset"
        lost.close()

        wait_for("one stream alone", lambda: hub.metrics()["orderhub_stream_clients"] == 1)

        # 64 at once, and one more is told to wait.
        many = [Events(hub.admin_port) for _ in range(63)]
        assert all(m.status == 200 for m in many)
        refused = Events(hub.admin_port)
        assert refused.status == 503, refused.status
        for m in many + [refused]:
            m.close()
        # A hub that ends in order ends its streams in order.
        assert hub.process.terminate() == 0
        try:
            while True:
                stream.next()
        except AssertionError as end:
            assert str(end) == "the stream ended", end
        stream.close()
    print("stream_test: followed, killed, resumed, refused")


if __name__ == "__main__":
    main()
