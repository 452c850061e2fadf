"""Part remembered: a signed webhook beside millions of event ids that are known already."""
import subprocess

from bench.bench import say
from bench.signed import CONNECTIONS, measure_verified, place_orders
from hub_processes import Failure

EVENTS_A_RUN_MAX = 10_000_000


def measure_remembered(bench):
    ids = bench.a.remembered
    few, many = data_with_ids(bench, 0), data_with_ids(bench, ids)
    for number in bench.each_run("remembered"):
        # Events that no run before has sent.
        first = number * EVENTS_A_RUN_MAX
        measure_verified(bench, f"remembered.ids_0.c{CONNECTIONS}", 0, few, first)
        measure_verified(bench, f"remembered.ids_{ids}.c{CONNECTIONS}", 0, many, first)
        runs = bench.figures.runs
        for figure, name in (("per_second", "time"), ("cpu_hub", "cpu"), ("memory_anon", "memory")):
            values = [runs[f"remembered.ids_{n}.c{CONNECTIONS}.{figure}"][-1] for n in (0, ids)]
            bench.figures.add(f"remembered.{name}_to_that_of_none", "",
                              values[0] / values[1] if figure == "per_second"
                              else values[1] / values[0])


def data_with_ids(bench, count):
    """A data directory with the orders, and so many remembered ids besides."""
    data = bench.directory / f"remembered-{count}"
    with bench.world(data=data) as w:
        w.hub.environment.update(w.mock.more_environment())
        place_orders(bench, w)
    if count == 0:
        return data
    say(f"storing {count:,} remembered ids")
    fill = subprocess.run([str(bench.fill_program), "--data-dir", str(data), "--request-keys",
                           str(count)], capture_output=True, text=True, check=False)
    if fill.returncode != 0:
        raise Failure(f"ids could not be stored: {fill.stderr.strip()}")
    return data
