"""Part operator: what looking in costs: explanations, scrapes, followers, the start of a command."""
import http.client
import socket
import subprocess
import time

from bench.bench import say
from bench.lists import add_shares, timed, wait_for_admin
from hub_processes import Failure

EXPLANATIONS, SCRAPES, COMMANDS = 300, 500, 30
STREAMS, RATE = 50, 200


def measure_operator(bench):
    for number in bench.each_run("operator"):
        with bench.world() as w:
            w.hub.start()
            wait_for_admin(w.hub)
            bench.load(w.hub, "--connections", 16, "--requests", 500, "--key-prefix",
                       f"op{number}").finish(w.hub)
            measure_explain(bench, w.hub, f"op{number}")
            measure_scrape(bench, w.hub)
            measure_command(bench, w.hub, f"op{number}-0")
            measure_streams(bench, w.hub, number)
            w.stop_hub()


def measure_explain(bench, hub, prefix):
    connection = http.client.HTTPConnection("127.0.0.1", hub.admin_port, timeout=60)
    add_shares(bench, "operator.explain",
               [timed(connection, f"/admin/orders/{prefix}-{n}/explain")[0]
                for n in range(EXPLANATIONS)])
    connection.close()


def measure_scrape(bench, hub):
    connection = http.client.HTTPConnection("127.0.0.1", hub.admin_port, timeout=60)
    scrapes = [timed(connection, "/metrics") for _ in range(SCRAPES)]
    connection.close()
    add_shares(bench, "operator.scrape", [took for took, _ in scrapes])
    bench.figures.add("operator.scrape.series", "series",
                      sum(1 for line in scrapes[-1][1].splitlines()
                          if line and not line.startswith(b"#")))


def measure_command(bench, hub, key):
    """Of a process: from its start to its end."""
    for name, arguments in (("version", ["--version"]),
                            ("show", ["orders", "show", key, "--url",
                                      f"http://127.0.0.1:{hub.admin_port}"])):
        times = []
        for _ in range(COMMANDS):
            begin = time.perf_counter()
            done = subprocess.run([str(bench.program), *arguments], capture_output=True,
                                  text=True, check=False)
            times.append((time.perf_counter() - begin) * 1000)
            if done.returncode != 0:
                raise Failure(f"orderhub {' '.join(arguments)}: {done.stderr.strip()}")
        add_shares(bench, f"operator.command.{name}", times)


def measure_streams(bench, hub, number):
    """The hub's CPU under the same even load with and without followers of all topics."""
    alone = cpu_share(bench, hub, f"alone{number}")
    followers = [Follower(hub.admin_port) for _ in range(STREAMS)]
    try:
        followed = cpu_share(bench, hub, f"followed{number}")
        heard = [f.read() for f in followers]
    finally:
        for follower in followers:
            follower.close()
    if min(heard) == 0:
        raise Failure(f"a follower heard nothing while {RATE} orders/s came")
    bench.figures.add(f"operator.cpu_at_{RATE}_orders", "of a core", alone)
    bench.figures.add(f"operator.cpu_of_{STREAMS}_streams", "of a core", followed - alone)


def cpu_share(bench, hub, prefix):
    before, begin = hub.process.cpu_seconds(), time.monotonic()
    bench.load(hub, "--connections", 32, "--rate", RATE, "--duration", bench.a.seconds,
               "--key-prefix", prefix).finish(hub)
    return (hub.process.cpu_seconds() - before) / (time.monotonic() - begin)


class Follower:
    """Reads nothing until it is asked to: the kernel's buffer holds some seconds of a stream."""

    def __init__(self, port):
        self.wire = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.wire.sendall(b"GET /admin/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        if not (head := self.wire.recv(4096)).startswith(b"HTTP/1.1 200"):
            raise Failure(f"GET /admin/stream: {head[:200]!r}")

    def read(self):
        """How many bytes have come."""
        self.wire.setblocking(False)
        size = 0
        try:
            while part := self.wire.recv(1 << 20):
                size += len(part)
            say("a follower's stream has ended")
        except BlockingIOError:
            pass
        return size

    def close(self):
        self.wire.close()
