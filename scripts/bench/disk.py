"""Part fdatasync: what the disk gives."""
from bench.load import Load


def measure_fdatasync(bench):
    for _ in bench.each_run("fdatasync"):
        result = Load(bench.load_program, ["--mode", "fdatasync", "--file",
                                           bench.directory / "fdatasync", "--duration",
                                           min(2.0, bench.a.seconds)]).finish()
        bench.figures.add("fdatasync.per_second", "1/s", result["per_second"])
        for name in ("p50", "p99", "max"):
            bench.figures.add(f"fdatasync.{name}", "ms", result[f"{name}_ms"])
