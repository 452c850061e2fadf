"""Part recovery: SIGKILL with orders at all steps, and the time until each of them is finished."""
import json
import subprocess

from hub_processes import Failure


def measure_recovery(bench):
    for number in bench.each_run("recovery"):
        # After some seconds the orders are spread over all steps; the first ones go in a wave.
        measure_one_recovery(bench, kill_after_ms=3000 + 37 * number)


def measure_one_recovery(bench, kill_after_ms):
    with bench.world(0, {"ORDERHUB_ABSENCE_AFTER": "200ms"}) as w:
        hub = w.hub
        hub.start()
        open_file, times_file = hub.directory / "open", hub.directory / "times"
        burst = bench.load(hub, "--mode", "burst", "--refill", "--connections", bench.a.in_flight,
                           "--kill-pid", hub.process.pid, "--kill-after-ms", kill_after_ms,
                           "--open-file", open_file).finish()
        hub.process.reap()
        hub.spawn()
        settled = bench.load(hub, "--mode", "settle", "--keys-file", open_file, "--times-file",
                             times_file, "--patience", 90).finish(hub)
        # All others too: what was answered with 200 before the kill must be there.
        everything = bench.load(hub, "--mode", "settle", "--keys", burst["sent"],
                                "--patience", 90).finish(hub)
        done = w.mock.counters()["orders"]
        w.stop_hub()
        in_doubt = labels_in_doubt(bench, hub.data)
        times = [line.split() for line in times_file.read_text().splitlines()]
    lost = everything["unknown"] - settled["unknown"]
    if lost:
        raise Failure(f"{lost} orders that were answered with 200 before the SIGKILL are "
                      f"unknown after the restart")
    finished = {f"load-{n}": float(at) - burst["killed_at"] for n, at, status in times
                if status == "200"}
    if not finished:
        raise Failure("none of the orders in flight at the SIGKILL had been accepted")
    add = bench.figures.add
    add("recovery.in_flight", "orders", burst["in_flight"])
    add("recovery.in_flight_not_accepted", "orders", settled["unknown"])
    add("recovery.labels_in_doubt", "labels", len(in_doubt))
    add("recovery.first_answer", "s", settled["first_answer_at"] - burst["killed_at"])
    plain = [at for key, at in finished.items() if key not in in_doubt]
    doubted = [at for key, at in finished.items() if key in in_doubt]
    if plain:
        add("recovery.finished", "s", max(plain))
    if doubted:
        add("recovery.finished_in_doubt", "s", max(doubted))
    for kind in ("charge", "label", "mail", "message", "shipment"):
        twice = sum(max(0, counts.get(kind, 0) - 1) for counts in done.values())
        add(f"recovery.{kind}s_twice", kind + "s", twice)


def labels_in_doubt(bench, data):
    """Keys of the orders whose label purchase was found open by the restarted hub."""
    dump = subprocess.Popen([str(bench.program), "journal", "dump", "--data-dir", str(data)],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = set()
    for line in dump.stdout:
        if '"object":"Shipment/' not in line or '"note":"doubt"' not in line:
            continue
        row = json.loads(line)
        invocations = row.get("live", []) if row["table"] == "ob" else [row]
        for entries in (i.get("entries", []) for i in invocations):
            labels = {e["index"] for e in entries
                      if e["kind"] == "effect" and e["name"] == "label"}
            if any(e["kind"] == "effect_note" and e["note"] == "doubt" and e["index"] in labels
                   for e in entries):
                found.add(row["object"].partition("/")[2])
    if dump.wait() != 0:
        raise Failure(f"orderhub journal dump ended with status {dump.returncode}")
    return found
