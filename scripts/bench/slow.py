"""Part slow: vendors that take half a second, as the real ones do."""
from bench.loads import measure_load

VENDOR_MS = 500
CONNECTIONS = [1000, 4000, 10000]
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
