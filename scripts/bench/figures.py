"""Everything measured, and how a number is shown."""
import json
import statistics

from bench.targets import PEERS, TARGETS


class Figures:
    """Everything measured: values by figure, in the order in which they were first seen."""

    def __init__(self):
        self.runs = {}
        self.units = {}

    def add(self, name, unit, value):
        """One run's value."""
        self.units[name] = unit
        self.runs.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.runs[name]) if name in self.runs else None

    def is_met(self, name):
        comparison, limit = TARGETS[name]
        value = self.median(name)
        return value >= limit if comparison == ">=" else value <= limit

    def json_line(self, name):
        def rounded(value):
            return round(value, 6)
        runs = self.runs[name]
        target = TARGETS.get(name)
        return json.dumps({
            "figure": name, "value": rounded(self.median(name)), "unit": self.units[name],
            "runs": [rounded(r) for r in runs], "min": rounded(min(runs)),
            "max": rounded(max(runs)), "target": f"{target[0]} {target[1]}" if target else None,
            "met": self.is_met(name) if target else None, "peer": PEERS.get(name)})


def shown(value):
    """A number with about four digits, or nothing."""
    if value is None:
        return ""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) >= 1 else \
        f"{value:.3f}"
