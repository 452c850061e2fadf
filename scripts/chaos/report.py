"""What a run prints at its end."""


def charge_latencies(run, ledger, begin, end):
    """Seconds from an order's request to its charge, ascending, of orders sent in [begin, end]
    (seconds after the beginning), and how many were left out because a kill came between."""
    charged = {e.get("order_id"): e["at_ms"] / 1000 for e in ledger["effects"]
               if e["kind"] == "charge"}
    latencies, left_out = [], 0
    for order in run.orders:
        at = charged.get(order.key)
        if at is None or order.sent_at is None:
            continue
        if not begin <= order.sent_at - run.began_at <= end:
            continue
        if any(order.sent_at <= kill <= at for kill in run.kills):
            left_out += 1
        else:
            latencies.append(at - order.sent_at)
    return sorted(latencies), left_out


def print_hang(run, ledger):
    begin, end = run.hang
    late = ("half of the calls answered after 28 s, half never"
            if run.a.hang_answer is None else f"answers after {run.a.hang_answer:.0f} s"
            if run.a.hang_answer else "no answers")
    print(f"hang of {run.a.hang} from +{begin:.1f} s to +{end:.1f} s, {late}; from an order's "
          "request to its charge:")
    for name, span in (("before", (0, begin)), ("within", (begin, end))):
        latencies, left_out = charge_latencies(run, ledger, *span)
        if latencies:
            p50, p99 = (latencies[int(len(latencies) * q)] for q in (0.5, 0.99))
            print(f"  {name}: p50 {p50:.3f} s, p99 {p99:.3f} s, {len(latencies)} orders "
                  f"({left_out} with a kill between left out)")
        else:
            print(f"  {name}: no orders")


def print_counts(run, verdict, ledger):
    if run.hang:
        print_hang(run, ledger)
    if run.a.clock_steps:
        print(f"clock steps: {', '.join(run.clock_steps)}")
    print(f"orders: {dict(verdict.statuses)}")
    print(f"vendors: totals {ledger.get('totals')}, replays "
          f"{ledger.get('idempotent_replays')}, faults {ledger.get('faults')}")
    if run.recoveries:
        ordered = sorted(run.recoveries)
        print(f"recovery (SIGKILL to first answer): median {ordered[len(ordered) // 2]:.3f} s, "
              f"longest {ordered[-1]:.3f} s; all orders terminal {run.finish_s:.1f} s after "
              f"the load")
