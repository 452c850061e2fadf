"""Part slow: vendors that take half a second, as the real ones do."""
from bench.loads import measure_load
from hub_processes import Failure

VENDOR_MS = 500
CONNECTIONS = [1000, 4000]
IN_FLIGHT = 10_000  # More than a process may have connections here, so sent one way.
# Calls of an order that follow one another: charge, shipment, label, mail.
CALLS = 4


def measure_slow(bench):
    for _ in bench.each_run("slow"):
        for connections in CONNECTIONS:
            name = f"slow.c{connections}.v{VENDOR_MS}"
            # Orders move in rounds of all connections: many of them, or the last one counts too much.
            measure_load(bench, "order", name, connections, VENDOR_MS,
                         seconds=max(bench.a.seconds, 15 * CALLS * VENDOR_MS / 1000),
                         warmup=connections)
            figures = bench.figures
            figures.add(f"{name}.share_of_latency", "", figures.runs[f"{name}.per_second"][-1] /
                        (connections * 1000 / (CALLS * VENDOR_MS)))
            figures.add(f"{name}.memory_an_order", "kB",
                        figures.runs[f"{name}.memory_anon"][-1] * 1024 / connections)
        measure_in_flight(bench, IN_FLIGHT)


def measure_in_flight(bench, orders):
    """So many orders at once, and what the hub needs for them; all of them end."""
    name = f"slow.in_flight{orders}.v{VENDOR_MS}"
    with bench.world(VENDOR_MS) as w:
        w.hub.start()
        sending = bench.load(w.hub, "--kind", "order", "--send", "--connections", 64, "--requests", orders)
        sending.finish(w.hub)
        under_way = orders - int(w.hub.metrics().get("orderhub_order_duration_seconds_count", 0))
        settling = bench.load(w.hub, "--mode", "settle", "--keys", orders, "--patience", 120)
        settled = settling.finish(w.hub)
        if settled["unknown"]:
            raise Failure(f"{settled['unknown']} orders are unknown after their 202")
        w.stop_hub()
    anon = max(sending.anon_kb, settling.anon_kb)
    bench.figures.add(f"{name}.at_once", "orders", under_way)
    bench.figures.add(f"{name}.memory_anon", "MB", anon / 1024)
    bench.figures.add(f"{name}.memory_an_order", "kB", anon / under_way)

