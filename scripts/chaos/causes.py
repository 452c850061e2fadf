"""Why a mail or a message may have been sent twice: a kill, or an answer that a fault lost."""
import bisect

from chaos.faults import HANG_MS_MIN, LATE_MS_MAX, LOSES_ANSWER

# What a killed hub had sent is done, and noted, up to so much later where the vendors are busy.
BACKLOG_S = 0.25


def cause_of_repeat(run, kind, times):
    """Why something was done at each of `times` (Unix seconds), or None."""
    vendor, operation = {"mail": ("sendgrid", "mail"), "message": ("slack", "message"),
                         "shipment": ("shippo", "shipment")}[kind]
    causes = []
    for first, second in zip(times, times[1:]):
        # Late work is noted when it is done, which is later than it was asked for.
        lost = lost_answers(run, vendor, operation, first - LATE_MS_MAX / 1000, first)
        at_once = lost_answers(run, vendor, operation, first, first)
        asked = first - BACKLOG_S - (LATE_MS_MAX / 1000 if "late_work" in lost else 0)
        kill = next((k for k in run.kills if first - BACKLOG_S <= k <= second), None)
        if kill is None and not at_once:
            kill = next((k for k in run.kills if asked <= k <= second), None)
        if kill is not None:
            causes.append(f"killed at {run.offset(kill)}")
        elif at_once or "late_work" in lost:
            causes.append(f"answer lost ({(at_once or ['late_work'])[0]})")
        else:
            return None
    return ", ".join(causes)


def lost_answers(run, vendor, operation, begin, end):
    """Effects that may have cost an answer of that operation in [begin, end]."""
    effects = []
    for r in rules_at(run, begin, end):
        hangs = r["effect"] == "latency" and r["latency_ms"] >= HANG_MS_MIN
        if r["vendor"] in (vendor, "*") and r["operation"] in (operation, "*"):
            effects.append("hang" if hangs else r["effect"])
    return [e for e in effects if e in LOSES_ANSWER]


def rules_at(run, begin, end):
    """Rules in force at any time in [begin, end] (Unix seconds)."""
    starts = [at for at, _ in run.epochs]
    first = max(0, bisect.bisect_right(starts, begin) - 1)
    last = bisect.bisect_right(starts, end + 0.05)
    return [rule for _, rules in run.epochs[first:last] for rule in rules]
