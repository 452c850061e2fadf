"""Parts orders and webhooks: rates, latencies, CPU, memory and disk at several connections."""
from bench.bench import MB

CONNECTIONS = [1, 16, 64, 256]


def measure_orders(bench):
    for _ in bench.each_run("orders"):
        for vendor_ms in (0, 20):
            for connections in CONNECTIONS:
                measure_load(bench, "order", f"orders.c{connections}.v{vendor_ms}", connections,
                             vendor_ms)
                # The ceiling right after it: the same minute of the machine.
                if vendor_ms == 0:
                    measure_load(bench, "order", f"ceiling.c{connections}.v0", connections, 0,
                                 journal_off=True)
    for connections in CONNECTIONS:
        normal = bench.figures.runs[f"orders.c{connections}.v0.per_second"]
        ceiling = bench.figures.runs[f"ceiling.c{connections}.v0.per_second"]
        for with_journal, without in zip(normal, ceiling):
            bench.figures.add(f"orders.c{connections}.v0.share_of_ceiling", "",
                              with_journal / without)
    on_disk = [bench.figures.median(f"{w}.c64.v0.disk") for w in ("orders", "ceiling")]
    if on_disk[1] > on_disk[0] / 2:
        bench.notes.append("With ORDERHUB_TEST_JOURNAL_OFF=1 the hub wrote as much as without "
                           "it: this program does not know it, and the ceiling is none.")


def measure_webhooks(bench):
    for _ in bench.each_run("webhooks"):
        for connections in CONNECTIONS:
            measure_load(bench, "webhook", f"webhooks.c{connections}", connections, 0)


def measure_load(bench, kind, name, connections, vendor_ms, journal_off=False, seconds=None,
                 warmup=None):
    """One load on a fresh hub: rates, latencies, CPU, memory and disk."""
    warmup = warmup or max(20, 4 * connections)
    environment = {"ORDERHUB_TEST_JOURNAL_OFF": "1"} if journal_off else {}
    with bench.world(vendor_ms, environment) as w:
        w.hub.start()
        disk = w.hub.disk_bytes()
        hub_cpu, mock_cpu = w.hub.process.cpu_seconds(), w.mock.process.cpu_seconds()
        load = bench.load(w.hub, "--kind", kind, "--connections", connections,
                          "--warmup", warmup, "--duration", seconds or bench.a.seconds)
        result = load.finish(w.hub)
        count = result["requests"] + warmup
        hub_cpu = w.hub.process.cpu_seconds() - hub_cpu
        mock_cpu = w.mock.process.cpu_seconds() - mock_cpu
        disk = w.hub.disk_bytes() - disk
        w.stop_hub()
    add = bench.figures.add
    add(f"{name}.per_second", "1/s", result["per_second"])
    for percentile in ("p50", "p95", "p99", "max"):
        add(f"{name}.{percentile}", "ms", result[f"{percentile}_ms"])
    add(f"{name}.cpu_hub", "us each", hub_cpu * 1e6 / count)
    if kind == "order":
        add(f"{name}.cpu_mock", "us each", mock_cpu * 1e6 / count)
    add(f"{name}.cpu_client", "us each", result["client_cpu_us_per_request"])
    add(f"{name}.memory_anon", "MB", load.anon_kb / MB)
    add(f"{name}.memory_file", "MB", load.file_kb / MB)
    add(f"{name}.disk", "bytes each", disk / count)
