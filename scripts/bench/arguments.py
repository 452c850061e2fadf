"""What bench.sh can be told."""
import argparse

from hub_processes import ROOT

PARTS = ["fdatasync", "orders", "slow", "webhooks", "signed", "remembered", "recovery", "start",
         "suspended", "lists", "operator", "checkpoint"]


def parse_arguments(description):
    p = argparse.ArgumentParser(prog="bench.sh", description=description,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", default=",".join(PARTS), metavar="PART,…",
                   help="parts to run (default: all)")
    p.add_argument("--quick", action="store_true",
                   help="1 run, short loads, 20 thousand stored and 2 thousand suspended orders: "
                        "shows that it works, about 2 minutes")
    p.add_argument("--runs", type=int, help="runs of each figure (default 5)")
    p.add_argument("--seconds", type=float, help="length of one load (default 5)")
    p.add_argument("--stored", type=int, help="stored orders, 5 rows each (default 1000000)")
    p.add_argument("--suspended", type=int, help="suspended orders (default 100000)")
    p.add_argument("--remembered", type=int, help="remembered event ids (default 10000000)")
    p.add_argument("--in-flight", type=int, default=1000,
                   help="orders in flight at the kill (default 1000)")
    p.add_argument("--against", metavar="PROGRAM",
                   help="another orderhub, to be compared with this build in pairs")
    p.add_argument("--json", metavar="FILE", help="JSON lines go there instead of to stdout")
    p.add_argument("--dir", metavar="DIR", help="where the data directories are made, on a real "
                                                "disk (default: build/)")
    p.add_argument("--build-dir", default=str(ROOT / "build/release"), metavar="DIR",
                   help="where orderhub, orderhub_load and orderhub_fill are")
    p.add_argument("--no-build", action="store_true", help="measure what is built (bench.sh)")
    a = p.parse_args()
    a.only = [part for part in a.only.split(",") if part]
    for part in a.only:
        if part not in PARTS:
            p.error(f"--only: {part} is no part; there are {', '.join(PARTS)}")
    a.runs = a.runs or (1 if a.quick else 5)
    a.seconds = a.seconds or (1.0 if a.quick else 5.0)
    a.stored = a.stored or (20_000 if a.quick else 1_000_000)
    a.suspended = a.suspended or (2_000 if a.quick else 100_000)
    a.remembered = a.remembered or (200_000 if a.quick else 10_000_000)
    if min(a.runs, a.stored, a.suspended, a.remembered, a.in_flight) < 1 or a.seconds <= 0:
        p.error("--runs, --seconds, --stored, --suspended, --remembered and --in-flight must be "
                "above 0")
    # The hub takes 8,192 connections unless told otherwise.
    if a.in_flight > 8000:
        p.error("--in-flight can be at most 8000")
    return a
