#!/usr/bin/env python3
"""What the real program's /metrics says after an order: at most 1,500 series in two formats that a
strict reader takes, nothing of an order in it, and every name that rules, alerts and the board use.
Every alert has its heading in RUNBOOK.md, and every heading an alert.

    monitoring_test.py PROGRAM
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts"))
from hub_processes import Hub, Mock, request  # noqa: E402

MONITORING = ROOT / "http_gateway/monitoring"
SERIES_MAX = 1_500
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
ORDER = json.dumps({
    "items": [{"productId": "sku-1", "quantity": 1, "price": 4200}],
    "customer": {"email": "buyer.of.lamps@example.com", "name": "Ada Buyer"},
    "shipping": {"street": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701",
                 "country": "US"},
}).encode()

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
LABELS = rf"\{{(?:{LABEL}(?:,{LABEL})*)?\}}"
NUMBER = r"[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN"
SAMPLE = re.compile(rf"({NAME})({LABELS})? ({NUMBER})( # {LABELS} (?:{NUMBER}) \d+(?:\.\d+)?)?")
SUFFIXES = {"counter": ["_total"], "gauge": [""],
            "histogram": ["_bucket", "_count", "_sum"]}


def number(text):
    return float(text.replace("Inf", "inf"))


def labels_of(text):
    return dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', text or ""))


def check_histogram(name, samples):
    """Buckets ascend and end in +Inf, which is the count."""
    by_labels = {}
    for sample, labels, value in samples:
        rest = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
        by_labels.setdefault(rest, []).append((sample, labels.get("le"), value))
    for rest, list_ in by_labels.items():
        buckets = [(number(le), value) for sample, le, value in list_ if sample.endswith("_bucket")]
        count = [value for sample, _, value in list_ if sample.endswith("_count")]
        assert len(count) == 1, f"{name}{rest}: {len(count)} counts"
        assert [b[0] for b in buckets] == sorted({b[0] for b in buckets}), f"{name}{rest}: order"
        assert [b[1] for b in buckets] == sorted(b[1] for b in buckets), f"{name}{rest}: falls"
        assert buckets[-1] == (float("inf"), count[0]), f"{name}{rest}: +Inf is not the count"


def read_open_metrics(text):
    """{family: [(sample, labels, value)]}; fails on whatever OpenMetrics 1.0 does not allow."""
    assert text.endswith("\n# EOF\n"), "no # EOF at the end"
    families, types, taken, seen = {}, {}, set(), set()
    family = None
    for line in text[:-len("# EOF\n")].splitlines():
        meta = re.fullmatch(rf"# (TYPE|UNIT|HELP) ({NAME}) (.*)", line)
        if meta:
            what, name, rest = meta.groups()
            if what == "TYPE":
                assert name not in families, f"{name} comes twice"
                assert rest in SUFFIXES, line
                family, types[name], families[name] = name, rest, []
                names = {name + suffix for suffix in SUFFIXES[rest]} | {name}
                if rest in ("counter", "histogram"):
                    names.add(name + "_created")
                assert not names & taken, f"{name} clashes with {names & taken}"
                taken |= names
            assert name == family, f"{line}: not of the family {family}"
            if what == "UNIT":
                assert name.endswith("_" + rest), line
            continue
        match = SAMPLE.fullmatch(line)
        assert match, f"no sample: {line!r}"
        name, labels, value, exemplar = match.groups()
        assert name in {family + s for s in SUFFIXES[types[family]]}, f"{line}: not of {family}"
        assert not exemplar or name.endswith("_bucket"), f"exemplar at {line}"
        labels = labels_of(labels)
        key = (name, tuple(sorted(labels.items())))
        assert key not in seen, f"{key} comes twice"
        seen.add(key)
        if types[family] in ("counter", "histogram"):
            assert number(value) >= 0, line
        if name.endswith("_bucket") and types[family] == "histogram":
            assert re.fullmatch(r"\+Inf|\d+\.\d+(e-?\d+)?", labels["le"]), f"le of {line}"
        families[family].append((name, labels, number(value)))
    for name, samples in families.items():
        if types[name] == "histogram":
            check_histogram(name, samples)
    return families


def names_in_text(text):
    """The sample names that the text format promises, those without values too."""
    names = set()
    for name, kind in re.findall(rf"^# TYPE ({NAME}) (\w+)$", text, re.M):
        names |= {name + suffix for suffix in ("_bucket", "_count", "_sum")} \
            if kind == "histogram" else {name}
    return names


def used_names(text):
    """Metrics of ours and of the process, and what is recorded, in an expression or a file of them."""
    return set(re.findall(r"(?<![\w:/.])(?:orderhub|process)[_:][a-zA-Z0-9_:]+", text))


def check_names(exported):
    recorded = set(re.findall(r"record: (\S+)", (MONITORING / "orderhub.rules.yml").read_text()))
    alerts = (MONITORING / "orderhub.alerts.yml").read_text()
    expressions = {
        "orderhub.rules.yml": re.sub(r"(record|name): \S+|#.*", "",
                                     (MONITORING / "orderhub.rules.yml").read_text()),
        "orderhub.alerts.yml": "\n".join(re.findall(r"expr: '(.*)'$", alerts, re.M)),
    }
    board = json.loads((MONITORING / "grafana/orderhub.json").read_text())
    panels = [p for row in board["panels"] for p in [row, *row.get("panels", [])]]
    targets = [t["expr"] for p in panels for t in p.get("targets", [])]
    variables = [v["query"]["query"] if isinstance(v["query"], dict) else v["query"]
                 for v in board["templating"]["list"]]
    assert len(targets) > 20, "the board shows next to nothing"
    expressions["grafana/orderhub.json"] = "\n".join(targets + variables)
    for file, text in expressions.items():
        used = used_names(text)
        assert used, f"{file} uses no metric"
        unknown = used - exported - recorded
        assert not unknown, f"{file} uses what /metrics does not have: {sorted(unknown)}"


def check_runbook():
    alerts = set(re.findall(r"alert: (\w+)", (MONITORING / "orderhub.alerts.yml").read_text()))
    headings = set(re.findall(r"^## (\w+)$", (MONITORING / "RUNBOOK.md").read_text(), re.M))
    assert alerts == headings, f"without a heading: {alerts - headings}, without an alert: " \
                               f"{headings - alerts}"
    tested = set(re.findall(r"alertname: (\w+)", "".join(
        f.read_text() for f in MONITORING.glob("*.test.yml"))))
    assert alerts == tested, f"without a test: {alerts - tested}"


def scrape_a_doubt(program, directory):
    """An order whose label was bought and whose look-up fails: what /metrics says of it."""
    mock = Mock(program, directory)
    hub = Hub(program, directory, {**mock.vendor_environment(), **mock.more_environment()})
    mock.control({"clear": True, "faults": [
        {"vendor": "shippo", "operation": "label", "nth": 1, "effect": "drop_after"},
        {"vendor": "shippo", "operation": "list_labels", "always": True, "effect": "status",
         "status": 503}]})
    try:
        hub.start()
        request(hub.port, "POST", "/OrderOrchestrator/order-473/ProcessOrder/send", ORDER)
        until = time.monotonic() + 60
        while True:
            _, text = scrape(hub, "")
            doubts = re.findall(r"^orderhub_orders_in_doubt (\S+)$", text, re.M)
            failed = re.findall(r'^orderhub_vendor_calls_total\{vendor="shippo".*result="failed"\} '
                                r"([1-9]\d*)$", text, re.M)
            if doubts and float(doubts[0]) > 0 and failed:
                return text
            assert time.monotonic() < until, "no doubt: " + text
            time.sleep(0.1)
    finally:
        for process in (hub.process, mock.process):
            if process is not None:
                process.terminate()


def check_a_doubt_fires(text):
    """The alert about an old doubt asks for what the program writes of one whose look-up fails, and
    every value of a label that an alert asks for is one that the program writes."""
    ages = dict(re.findall(r'^orderhub_order_oldest_open_seconds(\{.*\}) (\S+)$', text, re.M))
    assert float(ages['{waits_for="absence"}']) > 0, ages
    alerts = (MONITORING / "orderhub.alerts.yml").read_text()
    asked = set(re.findall(r'orderhub_order_oldest_open_seconds(\{[^}]*\})', alerts))
    assert asked and asked <= set(ages), f"no such wait: {asked - set(ages)}"
    promtool = subprocess.run([ROOT / "scripts/promtool.sh", "--no-install"], capture_output=True,
                              text=True, check=False)
    if promtool.returncode != 0:
        return
    series = "\n".join(f"""      - series: 'orderhub_order_oldest_open_seconds{labels}'
        values: '{"960+60x20" if float(age) > 0 else "0x20"}'""" for labels, age in ages.items())
    with tempfile.NamedTemporaryFile("w", suffix=".test.yml") as file:
        file.write(f"""rule_files: [{MONITORING}/orderhub.alerts.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
{series}
    promql_expr_test:
      - expr: 'count(ALERTS{{alertname="OrderhubDoubtOld", alertstate="firing"}})'
        eval_time: 10m
        exp_samples: [{{labels: '{{}}', value: 1}}]
""")
        file.flush()
        fires = subprocess.run([promtool.stdout.strip(), "test", "rules", file.name],
                               capture_output=True, text=True, check=False)
    assert fires.returncode == 0, fires.stdout + fires.stderr


def refuses(text, what):
    try:
        read_open_metrics(text)
    except AssertionError:
        return
    raise AssertionError(f"the reader takes {what}")


def check_the_reader():
    good = "# TYPE a counter\na_total 1\n# EOF\n"
    read_open_metrics(good)
    refuses(good.replace("# EOF\n", ""), "a text without its end")
    refuses(good.replace("a_total", "a"), "a counter without _total")
    refuses("# TYPE a_total unknown\na_total 1\n# EOF\n", "a counter of which nobody says that it is one")
    refuses("# TYPE a gauge\na 1\n" + good, "two families of one name")
    refuses("# TYPE a gauge\na 1\na 1\n# EOF\n", "one sample twice")
    refuses('# TYPE a gauge\na{b="\n"} 1\n# EOF\n', "a line feed in a label")
    refuses('# TYPE a histogram\na_bucket{le="1"} 1\n# EOF\n', "a bucket's end without a point")
    refuses('# TYPE a histogram\na_bucket{le="1.0"} 1\na_count 1\n# EOF\n', "no +Inf")


def check_by_promtool(text):
    """Where there is one; exit status 3 says what it finds wrong with names and units."""
    found = subprocess.run([ROOT / "scripts/promtool.sh", "--no-install"], capture_output=True,
                           text=True, check=False)
    if found.returncode != 0:
        return
    checked = subprocess.run([found.stdout.strip(), "check", "metrics"], input=text,
                             capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def scrape(hub, accept):
    status, headers, body = request(hub.admin_port, "GET", "/metrics", headers={"Accept": accept})
    assert status == 200, (status, body)
    return headers, body.decode()


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    check_the_reader()
    check_runbook()
    with tempfile.TemporaryDirectory(prefix="orderhub_monitoring.") as directory:
        directory = pathlib.Path(directory)
        mock = Mock(program, directory)
        hub = Hub(program, directory, {**mock.vendor_environment(), **mock.more_environment()})
        try:
            hub.start()
            status, _, body = request(hub.port, "POST", "/OrderOrchestrator/order-471/ProcessOrder",
                                      ORDER)
            assert status == 200, (status, body)
            request(hub.port, "POST", "/OrderOrchestrator/order-472/ProcessOrder", b"{}")
            request(hub.port, "POST", "/webhooks/stripe", b"{}")
            headers, text = scrape(hub, "")
            assert headers["content-type"].startswith("text/plain; version=0.0.4"), headers
            began = time.monotonic()
            headers, opened = scrape(hub, "application/openmetrics-text;version=1.0.0")
            took_ms = (time.monotonic() - began) * 1_000
            assert headers["content-type"] == OPEN_METRICS, headers
        finally:
            for process in (hub.process, mock.process):
                if process is not None:
                    process.terminate()
    with tempfile.TemporaryDirectory(prefix="orderhub_monitoring.") as directory:
        check_a_doubt_fires(scrape_a_doubt(program, pathlib.Path(directory)))
    check_by_promtool(text)
    families = read_open_metrics(opened)
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(lines) <= SERIES_MAX, f"{len(lines)} series"
    for secret in ("order-471", "order-472", "buyer.of.lamps", "Ada", "Springfield", "sk_test"):
        assert secret not in text + opened, f"{secret} is in /metrics"

    def value(name, **labels):
        return sum(v for samples in families.values() for n, of, v in samples
                   if n == name and labels.items() <= of.items())

    assert value("orderhub_orders_total") == 1
    assert value("orderhub_order_duration_seconds_count") == 1
    assert value("orderhub_http_requests_total", handler="ProcessOrder", **{"class": "2xx"}) == 1
    assert value("orderhub_http_requests_total", handler="ProcessOrder", **{"class": "4xx"}) == 1
    assert value("orderhub_vendor_calls_total", vendor="stripe", result="ok") >= 1
    assert value("orderhub_vendor_calls_total", vendor="shippo", result="ok") >= 1
    assert value("orderhub_webhooks_refused_total", vendor="stripe", reason="no_secret") == 1
    assert value("orderhub_journal_accepting") == 1
    written = sum(len(samples) for samples in families.values())
    assert value("orderhub_metrics_series") + 2 == written, written
    assert value("orderhub_metrics_series_left_out") == 0
    assert "# {invocation=\"inv_" in opened, "no exemplar"
    # The vendors are those of a shop that has all of them.
    check_names(names_in_text(text))
    print(f"{len(lines)} series, {len(text)} bytes of text, a scrape of {took_ms:.1f} ms")


if __name__ == "__main__":
    main()
