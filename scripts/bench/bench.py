"""What all parts use: fresh hubs with mock vendors, loads, and a place for the figures."""
import contextlib
import pathlib
import shutil
import sys
import time

from bench.figures import Figures
from bench.load import Load
from hub_processes import Failure, Hub, Mock

MB = 1024.0  # kB in one


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class World:
    """Mock vendors and a hub in a directory of their own."""

    def __init__(self, mock, hub):
        self.mock, self.hub = mock, hub

    def stop_hub(self):
        """SIGTERM; what is left in the data directory is folded."""
        status = self.hub.process.terminate(timeout=60)
        if status is None:
            raise Failure("the hub did not end within 60 s of SIGTERM; the end of its log:\n"
                          f"{self.hub.process.log_tail()}")
        if status != 0:
            raise Failure(f"the hub's status after SIGTERM is {status}:\n"
                          f"{self.hub.process.log_tail()}")


class Bench:
    """What each part is handed: programs, fresh worlds, and where figures and notes go."""

    def __init__(self, arguments, directory):
        self.a = arguments
        self.directory = directory
        build = pathlib.Path(arguments.build_dir)
        self.program, self.load_program, self.fill_program, self.sign_program = (
            build / name for name in ("orderhub", "orderhub_load", "orderhub_fill",
                                      "orderhub_sign"))
        for program in (self.program, self.load_program, self.fill_program, self.sign_program):
            if not program.is_file():
                raise Failure(f"{program} does not exist: run scripts/bench.sh without --no-build")
        self.figures = Figures()
        self.notes = []
        self.filled = {}  # Orders stored -> data directory.
        self.worlds = 0

    @contextlib.contextmanager
    def world(self, vendor_ms=0, environment=None, data=None):
        """Fresh mock vendors, and a hub that is not started yet; both end with the block."""
        self.worlds += 1
        directory = self.directory / f"world-{self.worlds}"
        directory.mkdir()
        mock = hub = None
        try:
            mock = Mock(self.program, directory, seed=self.worlds, counts=True)
            if vendor_ms:
                mock.control({"latency_ms": vendor_ms})
            settings = dict(mock.vendor_environment())
            settings["ORDERHUB_DISABLE"] = "slack"
            settings.update(environment or {})
            hub = Hub(self.program, directory, settings)
            if data:
                hub.data = data
            yield World(mock, hub)
        finally:
            for process in (hub and hub.process, mock and mock.process):
                if process and process.alive():
                    process.kill()
            shutil.rmtree(directory, ignore_errors=True)

    def load(self, hub, *arguments):
        return Load(self.load_program, ["--url", f"127.0.0.1:{hub.port}", *arguments])

    def each_run(self, part):
        for number in range(1, self.a.runs + 1):
            say(f"{part}: run {number} of {self.a.runs}")
            yield number

    def wait_until_idle(self, hub, active_max=0, timeout=120):
        """Until at most so many objects are active."""
        deadline = time.monotonic() + timeout
        while (active := hub.metrics()["orderhub_objects_active"]) > active_max:
            if time.monotonic() > deadline:
                raise Failure(f"{active:.0f} objects are still active after {timeout} s")
            time.sleep(0.05)

    def add_memory(self, name, anon, file):
        self.figures.add(f"{name}.memory_anon", "MB", anon / MB)
        self.figures.add(f"{name}.memory_file", "MB", file / MB)
