"""Part lists: a page of orders over many stored ones, idle and beside a load."""
import http.client
import json
import time

from bench.stored import data_with
from hub_processes import Failure

PAGES_A_RUN = 200
LOADED_RATE = 2_000  # Orders a second beside the loaded ones.
MIDDLE_PAGES = 20  # So many pages of 500 are gone through first.


def measure_lists(bench):
    data = data_with(bench, bench.a.stored)
    for number in bench.each_run("lists"):
        with bench.world(data=data) as w:
            w.hub.start(timeout=300)
            wait_for_admin(w.hub)
            measure_pages(bench, w.hub, "lists.idle")
            load = bench.load(w.hub, "--connections", 64, "--rate", LOADED_RATE, "--scatter",
                              "--key-prefix", f"list{number}", "--warmup", 256, "--duration",
                              max(5.0, 2 * bench.a.seconds))
            time.sleep(1)
            measure_pages(bench, w.hub, "lists.loaded")
            load.finish(w.hub)
            w.stop_hub()


def wait_for_admin(hub):
    """The admin port opens after the other one."""
    for _ in range(1_000):
        try:
            hub.metrics()
            return
        except OSError:
            time.sleep(0.01)
    raise Failure("the admin port does not open")


def timed(connection, path):
    """GET of a path: milliseconds, body."""
    begin = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise Failure(f"GET {path}: {answer.status} {body[:300]!r}")
    return (time.perf_counter() - begin) * 1000, body


def add_shares(bench, name, times):
    times = sorted(times)
    for share, at in (("p50", 0.5), ("p99", 0.99)):
        bench.figures.add(f"{name}.{share}", "ms", times[min(len(times) - 1, int(len(times) * at))])


def measure_pages(bench, hub, name):
    connection = http.client.HTTPConnection("127.0.0.1", hub.admin_port, timeout=60)
    cursor = ""
    for _ in range(MIDDLE_PAGES):
        _, body = timed(connection,
                        "/admin/orders?limit=500" + (f"&cursor={cursor}" if cursor else ""))
        following = json.loads(body)["next"]
        if not following:
            break
        cursor = following
    queries = {"page": "orders", "in_doubt": "orders?in_doubt=true",
               "waiting": "orders?sort=waiting", "summary": "summary", "scan": "orders?key_contains=nobody"}
    if cursor:  # A cursor belongs to its filters; the limit is none.
        queries["page_middle"] = f"orders?cursor={cursor}"
    for kind, query in queries.items():
        count = PAGES_A_RUN if kind != "scan" else 10
        add_shares(bench, f"{name}.{kind}",
                   [timed(connection, f"/admin/{query}")[0] for _ in range(count)])
    connection.close()
