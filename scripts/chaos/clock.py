"""The wall clock that steps under the running hub."""
import ctypes
import mmap
import pathlib
import random
import threading
import time

from hub_processes import Failure

CLOCK_STEPS_MS = [sign * ms for ms in (1_000, 600_000, 86_400_000) for sign in (1, -1)]


class ShiftedClock:
    """A wall clock that is moved under a running program; see tests/support/clock_shift.c."""

    def __init__(self, file, library):
        self.library = pathlib.Path(library).resolve()
        if not self.library.is_file():
            raise Failure(f"{self.library} does not exist: run scripts/build.sh --tests first")
        self.file = pathlib.Path(file).resolve()
        self.file.write_bytes(bytes(8))
        with open(self.file, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 8)
        # One store: whoever reads at the same time sees the old or the new.
        self.cell = ctypes.c_int64.from_buffer(self.map)
        self.lock = threading.Lock()

    def step(self, milliseconds):
        with self.lock:
            self.cell.value += milliseconds

    def environment(self):
        return {"LD_PRELOAD": str(self.library), "ORDERHUB_TEST_CLOCK_SHIFT": str(self.file)}


class ClockSteps:
    """Steps a ShiftedClock at moments of the seed; each step is told in the run's record."""

    def __init__(self, run, clock):
        self.run, self.clock = run, clock

    def step(self, rng, where=""):
        step = rng.choice(CLOCK_STEPS_MS)
        self.clock.step(step)
        at = self.run.offset(time.time())
        self.run.clock_steps.append(f"{step / 1000:+.0f} s at {at}{where}")

    def at_moments(self):
        """From the seed; until told to stop."""
        rng = random.Random(f"{self.run.a.seed}/clock")
        moments = [rng.uniform(0.3, self.run.duration) for _ in range(self.run.a.clock_steps)]
        for moment in sorted(moments):
            if self.run.stop.wait(max(0.0, self.run.began_at + moment - time.time())):
                return
            self.step(rng)
