"""Data directories with many stored orders, for the parts start and checkpoint."""
import json
import subprocess

from bench.bench import say
from hub_processes import Failure

ROWS_AN_ORDER = 5  # Objects: order, shipment. Invocations: order, shipment, notice.


def data_with(bench, orders):
    """A data directory with so many finished orders; made once, of one real order."""
    if orders in bench.filled:
        return bench.filled[orders]
    say(f"storing {orders:,} orders")
    data = bench.directory / f"stored-{orders}"
    with bench.world(data=data, environment={"ORDERHUB_PARCEL_SWEEP": "off"}) as w:
        w.hub.start()
        # orderhub_fill wants a key of 16 bytes.
        bench.load(w.hub, "--connections", 1, "--requests", 1, "--key-prefix",
                   "tmpl-bench-ord").finish(w.hub)
        bench.wait_until_idle(w.hub)
        w.stop_hub()
    fill = subprocess.run([str(bench.fill_program), "--data-dir", str(data), "--orders",
                           str(orders)], capture_output=True, text=True, check=False)
    if fill.returncode != 0:
        raise Failure(f"orders could not be stored: {fill.stderr.strip()}")
    filled = json.loads(fill.stdout)
    if filled["rows"] != ROWS_AN_ORDER * orders:
        bench.notes.append(f"A stored order is {filled['rows'] / orders:g} rows, not "
                           f"{ROWS_AN_ORDER}: the journal for the checkpoint has "
                           f"{filled['rows']:,} rows.")
    bench.filled[orders] = data
    return data
