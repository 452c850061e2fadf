"""Part signed: verified webhooks of all vendors beside the unsigned ones, in pairs."""
import json
import subprocess
import time

from bench.loads import measure_load
from hub_processes import Failure

CONNECTIONS = 64
ORDERS = 1_000
PER_SECOND_MAX = 20_000  # More than any machine so far takes: the file must last.
REPEATED = 0.9


def measure_signed(bench):
    for _ in bench.each_run("signed"):
        measure_load(bench, "webhook", f"unsigned.c{CONNECTIONS}", CONNECTIONS, 0)
        measure_verified(bench, f"signed.c{CONNECTIONS}", 0)
        measure_verified(bench, f"repeated.c{CONNECTIONS}", REPEATED)
        rates = {name: bench.figures.runs[f"{name}.c{CONNECTIONS}.per_second"][-1]
                 for name in ("unsigned", "signed", "repeated")}
        bench.figures.add("signed.share_of_unsigned", "", rates["signed"] / rates["unsigned"])
        bench.figures.add("repeated.share_of_unsigned", "", rates["repeated"] / rates["unsigned"])


def place_orders(bench, w):
    """The orders that the webhooks are about; the hub is stopped then."""
    w.hub.start()
    bench.load(w.hub, "--connections", CONNECTIONS, "--requests", ORDERS).finish(w.hub)
    bench.wait_until_idle(w.hub)
    w.stop_hub()


def measure_verified(bench, name, repeated, data=None, first=0):
    """One load of signed webhooks; `data` has the orders, or they are placed before."""
    with bench.world(data=data) as w:
        w.hub.environment.update(w.mock.more_environment())
        if not data:
            place_orders(bench, w)
        new = int(bench.a.seconds * PER_SECOND_MAX * (1 - repeated)) + 20_000
        sign(bench, w.hub, new, first)
        w.hub.start(timeout=300)
        load_verified(bench, w, name, repeated)
        w.stop_hub()


def hub_id(bench, hub):
    with subprocess.Popen([str(bench.program), "journal", "dump", "--data-dir", str(hub.data)],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as dump:
        for line in dump.stdout:
            if '"hub":"' in line and (row := json.loads(line))["table"] == "mt":
                dump.terminate()
                return row["hub"]
    raise Failure("the journal names no hub")


def sign(bench, hub, count, first=0):
    """Makes the webhooks, and gives the hub the secrets."""
    secrets = hub.directory / "secrets"
    signed = subprocess.run([str(bench.sign_program), "--count", str(count), "--first", str(first), "--orders",
                             str(ORDERS), "--hub", hub_id(bench, hub), "--file",
                             str(hub.directory / "requests"), "--secrets-file", str(secrets)],
                            capture_output=True, text=True, check=False)
    if signed.returncode != 0:
        raise Failure(f"webhooks could not be signed: {signed.stderr.strip()}")
    hub.environment.update(line.split("=", 1) for line in secrets.read_text().splitlines())


def events(hub):
    """(recorded, concluded) events of verified webhooks; one that waits for its id is applied."""
    metrics = hub.metrics()
    return (int(metrics.get("orderhub_webhook_events_total", 0)),
            int(metrics["orderhub_webhook_events_ended_total"] +
                metrics["orderhub_webhook_events_waited_total"]))


def load_verified(bench, w, name, repeated):
    warmup = 4 * CONNECTIONS
    disk, cpu = w.hub.disk_bytes(), w.hub.process.cpu_seconds()
    load = bench.load(w.hub, "--kind", "file", "--requests-file", w.hub.directory / "requests",
                      "--repeated", repeated, "--connections", CONNECTIONS, "--warmup", warmup,
                      "--duration", bench.a.seconds)
    result = load.finish(w.hub)
    recorded, concluded = events(w.hub)
    behind, ended_at = recorded - concluded, time.monotonic()
    while concluded < recorded:
        if time.monotonic() - ended_at > 60:
            raise Failure(f"{recorded - concluded} events are not applied 60 s after the load")
        time.sleep(0.02)
        recorded, concluded = events(w.hub)
    drained = time.monotonic() - ended_at
    count = result["requests"] + warmup
    add = bench.figures.add
    add(f"{name}.per_second", "1/s", result["per_second"])
    for percentile in ("p50", "p95", "p99", "max"):
        add(f"{name}.{percentile}", "ms", result[f"{percentile}_ms"])
    add(f"{name}.cpu_hub", "us each", (w.hub.process.cpu_seconds() - cpu) * 1e6 / count)
    add(f"{name}.cpu_client", "us each", result["client_cpu_us_per_request"])
    add(f"{name}.memory_anon", "MB", load.anon_kb / 1024)
    add(f"{name}.disk", "bytes each", (w.hub.disk_bytes() - disk) / count)
    add(f"{name}.new_events", "events", recorded)
    add(f"{name}.not_applied_at_end", "events", behind)
    add(f"{name}.drained", "s", drained)
