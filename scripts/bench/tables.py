"""The figures as tables, for people."""
from bench import slow
from bench.figures import shown
from bench.loads import CONNECTIONS
from bench.targets import PEERS, TARGETS

LOAD_FIGURES = ["per_second", "p50", "p95", "p99", "max", "cpu_hub", "cpu_mock", "cpu_client",
                "memory_anon", "memory_file", "disk", "share_of_ceiling",
                "share_of_latency"]


def print_tables(figures, notes):
    print_loads(figures)
    print_rest(figures)
    print_targets(figures)
    for note in notes:
        print(f"Note: {note}")


def print_loads(figures):
    rows = []
    for kind, title in (("orders", "orders"), ("ceiling", "orders, journal off"),
                        ("slow", "orders"), ("webhooks", "webhooks")):
        for vendor_ms in (0, 20, slow.VENDOR_MS):
            for c in slow.CONNECTIONS if kind == "slow" else CONNECTIONS:
                name = f"{kind}.c{c}.v{vendor_ms}"
                if kind == "webhooks":
                    name = f"{kind}.c{c}"
                if f"{name}.per_second" not in figures.runs or (kind == "webhooks" and
                                                                vendor_ms):
                    continue
                row = [title, "" if kind == "webhooks" else f"{vendor_ms}", f"{c}"]
                row += [shown(figures.median(f"{name}.{figure}")) for figure in LOAD_FIGURES]
                rows.append(row)
    if rows:
        print_table(["what", "vendors ms", "conns", "per s", "p50 ms", "p95 ms", "p99 ms",
                     "max ms", "CPU us: hub", "mock", "client", "Pss_Anon MB", "Pss_File MB",
                     "disk bytes", "of ceiling", "of latency"], rows)


def print_rest(figures):
    rows = [[name, figures.units[name], shown(figures.median(name)),
             shown(min(runs)), shown(max(runs))]
            for name, runs in figures.runs.items()
            if name.split(".")[0] not in ("orders", "ceiling", "slow", "webhooks")]
    if rows:
        print_table(["figure", "unit", "median", "min", "max"], rows)


def print_targets(figures):
    rows = []
    for name, (comparison, limit) in TARGETS.items():
        if name not in figures.runs:
            continue
        peers = ", ".join(f"{who} {value}" for who, value in PEERS.get(name, {}).items())
        runs = figures.runs[name]
        rows.append([name, f"{comparison} {limit}", shown(figures.median(name)),
                     f"{shown(min(runs))} to {shown(max(runs))}",
                     "met" if figures.is_met(name) else "MISSED", peers])
    if rows:
        print_table(["target", "wanted", "median", "runs", "", "peers"], rows)


def print_table(head, rows):
    """Numbers to the right, text to the left, a blank line after it."""
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    is_text = [not any(row[i][:1].isdigit() for row in rows) for i in range(len(head))]
    for row in [head] + rows:
        cells = [cell.ljust(width) if text else cell.rjust(width)
                 for cell, width, text in zip(row, widths, is_text)]
        print("  ".join(cells).rstrip())
    print()
