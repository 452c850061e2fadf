"""Part start: from spawn to the first 200 of health, with few and with many stored orders."""
from bench.stored import data_with


def measure_start(bench):
    few = min(10_000, max(1, bench.a.stored // 2))
    data_with(bench, few)
    data_with(bench, bench.a.stored)
    for number in bench.each_run("start"):
        with bench.world() as w:
            measure_one_start(bench, w, "start.stored_0")
            w.stop_hub()
        with bench.world(data=data_with(bench, few)) as w:
            measure_one_start(bench, w, f"start.stored_{few}")
            w.stop_hub()
        with bench.world(environment={"ORDERHUB_ABSENCE_AFTER": "200ms"},
                         data=data_with(bench, bench.a.stored)) as w:
            measure_one_start(bench, w, f"start.stored_{bench.a.stored}")
            # As much log as there ever is: the kill comes under load, between checkpoints.
            open_file = w.hub.directory / "open"
            keys = ["--key-prefix", f"start{number}"]
            bench.load(w.hub, "--mode", "burst", "--refill", "--connections", 64, *keys,
                       "--kill-pid", w.hub.process.pid, "--kill-after-ms", 2000, "--open-file",
                       open_file).finish()
            w.hub.process.reap()
            measure_one_start(bench, w, f"start.stored_{bench.a.stored}_after_kill")
            bench.load(w.hub, "--mode", "settle", *keys, "--keys-file", open_file).finish(w.hub)
            w.stop_hub()


def measure_one_start(bench, w, name):
    bench.figures.add(f"{name}.ready", "s", w.hub.start(timeout=300))
    bench.add_memory(name, *w.hub.process.memory_kb())
