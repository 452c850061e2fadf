"""The machine that is measured, and where on its disk."""
import pathlib
import tempfile

from hub_processes import ROOT, Failure


def file_system_of(directory):
    """Type of the file system that holds the directory, such as ext4."""
    best, kind = "", ""
    with open("/proc/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, point, fs = line.split()[:3]
            point = point.replace("\\040", " ").rstrip("/")
            if (str(directory) + "/").startswith(point + "/") and len(point) >= len(best):
                best, kind = point, fs
    return kind


def make_directory(given):
    parent = pathlib.Path(given).resolve() if given else ROOT / "build"
    parent.mkdir(parents=True, exist_ok=True)
    kind = file_system_of(parent)
    if kind in ("tmpfs", "ramfs"):
        raise Failure(f"{parent} is on {kind}, where a sync costs nothing: give a --dir on a disk")
    return pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=parent)), kind


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        models = [line.partition(":")[2].strip() for line in f if line.startswith("model name")]
    with open("/proc/loadavg", encoding="utf-8") as f:
        busy = f.read().split()[0]
    return f"{len(models)} x {models[0] if models else 'CPU'}, load average {busy} at the start"
