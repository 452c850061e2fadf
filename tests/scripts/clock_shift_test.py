"""The clock that steps: what a program under it sees of the wall clock, and of the steady ones."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from chaos.clock import ShiftedClock  # noqa: E402

LIBRARY = sys.argv[1]
CHILD = """
import ctypes, sys, time
libc = ctypes.CDLL(None)
libc.time.restype = ctypes.c_long
class timeval(ctypes.Structure):
    _fields_ = [("s", ctypes.c_long), ("us", ctypes.c_long)]
for line in sys.stdin:
    t = timeval()
    libc.gettimeofday(ctypes.byref(t), None)
    print(time.time(), libc.time(None), t.s + t.us / 1e6, time.monotonic(),
          time.clock_gettime(time.CLOCK_BOOTTIME), flush=True)
"""


def within(low, value, high, slack=0.0):
    assert low - slack <= value <= high + slack, (low, value, high)


with tempfile.TemporaryDirectory() as name:
    clock = ShiftedClock(pathlib.Path(name) / "shift", LIBRARY)
    environment = dict(os.environ, **clock.environment())
    with subprocess.Popen([sys.executable, "-c", CHILD], env=environment, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        shift_ms = 0
        for step_ms in (0, 1000, -2500, 86_401_500, -172_800_001, 600_000, 85_800_001):
            clock.step(step_ms)
            shift_ms += step_ms
            begin, begin_m = time.time(), time.monotonic()
            begin_b = time.clock_gettime(time.CLOCK_BOOTTIME)
            child.stdin.write("\n")
            child.stdin.flush()
            seen = [float(x) for x in child.stdout.readline().split()]
            end, end_m = time.time(), time.monotonic()
            end_b = time.clock_gettime(time.CLOCK_BOOTTIME)
            # Floats of such numbers are off by a microsecond; `time` counts whole coarse seconds.
            shift = shift_ms / 1000
            within(begin, seen[0] - shift, end, 1e-3)
            within(begin - 1, seen[1] - shift, end + 1, 0.1)
            within(begin, seen[2] - shift, end, 1e-3)
            within(begin_m, seen[3], end_m)
            within(begin_b, seen[4], end_b)
        child.stdin.close()
        assert child.wait() == 0

    # A program that would run with a clock that never steps does not run at all.
    del environment["ORDERHUB_TEST_CLOCK_SHIFT"]
    refused = subprocess.run(["true"], env=environment, capture_output=True, check=False)
    assert refused.returncode == 97 and b"names no file" in refused.stderr, refused
print("the wall clock steps, the steady ones do not")
