"""bench.sh --against PROGRAM: the same loads on this program and on another, in pairs.

A slow minute of the machine hits both sides of a pair alike, so what is told is the ratio of each
pair: its median, smallest and largest over all runs. Every second pair begins with the other side.
Vendors and clients are this build's on both sides."""
import pathlib

from bench.bench import say
from bench.figures import shown
from bench.loads import measure_load
from bench.slow import CALLS, VENDOR_MS
from bench.tables import print_table
from hub_processes import Failure

# Part -> kind of request, connections and the vendors' latency in ms.
POINTS = {
    "orders": [("order", 1, 0), ("order", 64, 0), ("order", 256, 20)],
    "slow": [("order", 1000, VENDOR_MS), ("order", 4000, VENDOR_MS)],
    "webhooks": [("webhook", 64, 0)],
}
COMPARED = ["per_second", "p50", "p99", "cpu_hub", "memory_anon", "disk"]
# Of the ratio to 6a2999a, the first program that did all of this.
WANTED = {
    "orders.c1.v0.p50": ("<=", 0.5),
    "orders.c64.v0.per_second": (">=", 2.0),
    "orders.c64.v0.p99": ("<=", 0.5),
    "orders.c64.v0.cpu_hub": ("<=", 0.54),
    "orders.c64.v0.disk": ("<=", 0.21),
    "orders.c256.v20.per_second": (">=", 1.8),
    "webhooks.c64.v0.per_second": (">=", 1.3),
}


def points_of(parts):
    return [(part, *point) for part in parts if part in POINTS for point in POINTS[part]]


def measure_pairs(bench):
    """Figures `this.<point>.<figure>`, `other.…` and `ratio.…`, one value a pair."""
    other = pathlib.Path(bench.a.against).resolve()
    if not other.is_file():
        raise Failure(f"--against: there is no program {bench.a.against}")
    points = points_of(bench.a.only)
    if not points:
        raise Failure(f"--against: none of {', '.join(bench.a.only)} can be compared; "
                      f"there are {', '.join(POINTS)}")
    for number in bench.each_run("pairs"):
        sides = [("this", bench.program), ("other", other)]
        for part, kind, connections, vendor_ms in points:
            name = f"{part}.c{connections}.v{vendor_ms}"
            for side, program in sides if number % 2 else reversed(sides):
                say(f"{name}: {side}")
                measure_point(bench, program, f"{side}.{name}", kind, connections, vendor_ms)
            for figure in COMPARED:
                this, that = (bench.figures.runs[f"{side}.{name}.{figure}"][-1]
                              for side in ("this", "other"))
                if that > 0:
                    bench.figures.add(f"ratio.{name}.{figure}", "", this / that)


def measure_point(bench, program, name, kind, connections, vendor_ms):
    slow = vendor_ms >= VENDOR_MS
    bench.hub_program = program
    try:
        measure_load(bench, kind, name, connections, vendor_ms,
                     seconds=max(bench.a.seconds, 10 * CALLS * vendor_ms / 1000) if slow else None,
                     warmup=connections if slow else None)
    finally:
        bench.hub_program = bench.program


def print_pairs(figures):
    rows = []
    for name, ratios in figures.runs.items():
        side, _, figure = name.partition(".")
        if side != "ratio":
            continue
        comparison, limit = WANTED.get(figure, ("", None))
        ratio = figures.median(name)
        met = ratio >= limit if comparison == ">=" else limit is not None and ratio <= limit
        rows.append([figure, shown(figures.median(f"this.{figure}")),
                     shown(figures.median(f"other.{figure}")), shown(ratio),
                     f"{shown(min(ratios))} to {shown(max(ratios))}",
                     f"{comparison} {limit}" if comparison else "",
                     ("met" if met else "MISSED") if comparison else ""])
    if rows:
        print_table(["figure", "this", "other", "ratio", "of the pairs", "wanted", ""], rows)
