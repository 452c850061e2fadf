"""Measures the real hub on this machine, with mock vendors and clients as separate processes.

Parts (--only takes a comma-separated list):
  fdatasync   what the disk gives: 4 KiB written and synced, over and over
  orders      orders at 1, 16, 64 and 256 connections, vendors at 0 and 20 ms, and the ceiling: the
              same with the journal off (vendors at 0 ms). An order is 4 vendor calls: Stripe,
              Shippo twice, SendGrid; Slack is not configured
  slow        the same with vendors at 500 ms and 1,000, 4,000 and 10,000 connections
  webhooks    WebhookProcessor calls at 1, 16, 64 and 256 connections
  signed      at 64 connections, one after the other: those unsigned calls, signed webhooks of all
              six vendors about 1,000 placed orders, and the same with nine in ten sent before
  remembered  signed webhooks beside no and beside 10 million remembered event ids
  recovery    SIGKILL with 1,000 orders in flight at all steps (vendors at 20 ms), restart: seconds
              until each of them is finished, and what the vendors did twice
  start       spawn to the first 200 of /restate/health with 0, 10 thousand and 1 million stored
              orders; with a million also after a SIGKILL under load
  suspended   memory with 100 thousand orders that wait for an hour (the label is refused with 429
              and Retry-After)
  lists       pages of the lists of orders over 1 million stored ones, idle and beside a load
  operator    an explanation, a scrape, a command from start to end, and the CPU of 50 followers
              of /admin/stream at 200 orders/s
  checkpoint  the longest commit while checkpoints run beside 5 million rows, keys at random

Each figure is the median of --runs runs, with the smallest and the largest beside it. In the parts
orders and webhooks every run has a fresh hub and goes once over all points before the next run
begins, so that a slow minute of the machine hits all points alike.

With --against PROGRAM the parts orders, slow and webhooks (those of --only) run in pairs, this
program and the other one in turn, and the ratios are printed: median, smallest and largest.

Exit status: 0 measured, 1 a part could not be measured, 2 wrong usage. Targets have no part in it.
"""
import pathlib
import shutil
import signal
import sys
import time

# This is run as a folder, `python3 scripts/bench`; its files are a package beside hub_processes.
sys.path[0] = str(pathlib.Path(__file__).resolve().parent.parent)
from bench.against import measure_pairs, print_pairs  # noqa: E402
from bench.arguments import PARTS, parse_arguments  # noqa: E402
from bench.bench import Bench, say  # noqa: E402
from bench.checkpoint import measure_checkpoint  # noqa: E402
from bench.disk import measure_fdatasync  # noqa: E402
from bench.lists import measure_lists  # noqa: E402
from bench.loads import measure_orders, measure_webhooks  # noqa: E402
from bench.machine import machine, make_directory  # noqa: E402
from bench.operator_port import measure_operator  # noqa: E402
from bench.recovery import measure_recovery  # noqa: E402
from bench.remembered import measure_remembered  # noqa: E402
from bench.signed import measure_signed  # noqa: E402
from bench.slow import measure_slow  # noqa: E402
from bench.start import measure_start  # noqa: E402
from bench.suspended import measure_suspended  # noqa: E402
from bench.tables import print_tables  # noqa: E402
from hub_processes import Failure, check_tools  # noqa: E402

MEASURES = {"fdatasync": measure_fdatasync, "orders": measure_orders, "slow": measure_slow,
            "webhooks": measure_webhooks, "signed": measure_signed,
            "remembered": measure_remembered,
            "recovery": measure_recovery, "start": measure_start,
            "suspended": measure_suspended, "lists": measure_lists,
            "operator": measure_operator, "checkpoint": measure_checkpoint}


def stop_on_signal(number, _frame):
    raise SystemExit(128 + number)


def main():
    a = parse_arguments(__doc__)
    check_tools()
    signal.signal(signal.SIGTERM, stop_on_signal)
    directory, failures = None, []
    try:
        directory, file_system = make_directory(a.dir)
        say(f"{machine()}, {file_system}; parts {', '.join(a.only)}; runs {a.runs}; in {directory}")
        bench = Bench(a, directory)
        measures = {"pairs": measure_pairs} if a.against else {
            part: MEASURES[part] for part in PARTS if part in a.only}
        for part, measure in measures.items():
            begin = time.monotonic()
            try:
                measure(bench)
                say(f"{part}: measured in {time.monotonic() - begin:.0f} s")
            except (Failure, OSError) as e:
                failures.append(f"{part}: {e}")
                say(f"{part} FAILED: {e}")
        if a.against:
            print_pairs(bench.figures)
        else:
            print_tables(bench.figures, bench.notes)
        lines = "".join(bench.figures.json_line(name) + "\n" for name in bench.figures.runs)
        if a.json:
            pathlib.Path(a.json).write_text(lines, encoding="utf-8")
            print(f"One JSON line a figure: {a.json}")
        else:
            print(lines, end="", flush=True)
    except Failure as e:
        failures.append(str(e))
    except (KeyboardInterrupt, SystemExit):
        failures.append("stopped by a signal")
    finally:
        if directory:
            shutil.rmtree(directory, ignore_errors=True)
    for failure in failures:
        say(f"could not be measured: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
