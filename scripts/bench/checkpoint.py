"""Part checkpoint: the longest commit while checkpoints run beside many rows."""
from bench.stored import data_with
from hub_processes import Failure


def measure_checkpoint(bench):
    data = data_with(bench, bench.a.stored)
    # A short load would end before the first checkpoint.
    environment = {"ORDERHUB_CHECKPOINT_BYTES": "1MiB"} if bench.a.quick else {}
    for number in bench.each_run("checkpoint"):
        with bench.world(environment=environment, data=data) as w:
            w.hub.start(timeout=300)
            result = bench.load(w.hub, "--connections", 64, "--scatter", "--key-prefix",
                                f"check{number}", "--warmup", 256, "--duration",
                                2 * bench.a.seconds).finish(w.hub)
            metrics = w.hub.metrics()
            w.stop_hub()
        slices = metrics["orderhub_journal_slices_total"]
        if slices == 0:
            raise Failure("no checkpoint ran during the load: take more --seconds")
        add = bench.figures.add
        add("checkpoint.longest_commit", "ms",
            1000 * metrics["orderhub_journal_commit_duration_max_seconds"])
        add("checkpoint.longest_slice", "ms",
            1000 * metrics["orderhub_journal_slice_duration_max_seconds"])
        add("checkpoint.slices", "slices", slices)
        add("checkpoint.orders_per_second", "1/s", result["per_second"])
        for name in ("p50", "p99", "max"):
            add(f"checkpoint.order_{name}", "ms", result[f"{name}_ms"])
