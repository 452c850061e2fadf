"""flaky.py on a made-up test program: what fails once is told with its seed, what hangs is ended."""
import contextlib
import io
import pathlib
import sys
import tempfile
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import flaky  # noqa: E402

# Takes Catch2's arguments: --list-tests TAG, or --order rand --rng-seed N CASES…
PROGRAM = """#!/bin/sh
case "$1" in
--list-tests) [ "$2" = "[timing]" ] && [ -n "$HAS_TIMING" ] && echo "All: x" || echo "0 test cases" ;;
*)
  echo "order $2 seed $4 cases $5"
  [ "$4" != 5 ] || { echo "curl_transport_test.cpp:327: FAILED"; echo "a log line" >&2; exit 1; }
  [ "$4" != 6 ] || exec sleep 100
  ;;
esac
"""


def program(file, labels, times=3, timing_times=100, timeout=60.0):
    properties = [{"name": "LABELS", "value": labels}, {"name": "TIMEOUT", "value": timeout},
                  {"name": "WORKING_DIRECTORY", "value": str(file.parent)}]
    arguments = types.SimpleNamespace(times=times, timing_times=timing_times, nice=0)
    return flaky.Program({"name": "made_up", "command": [str(file)], "properties": properties},
                         arguments)


def output_of(p, seed):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        p.run([], seed)
    return out.getvalue()


with tempfile.TemporaryDirectory() as name:
    file = pathlib.Path(name) / "made_up"
    file.write_text(PROGRAM.replace("$HAS_TIMING", ""))
    file.chmod(0o755)
    assert program(file, ["catch2"]).plan == [([], 3)]
    assert program(file, ["catch2", "timing"]).plan == [([], 100)]

    p = program(file, ["catch2"])
    assert output_of(p, 4) == "" and (p.runs, p.failures) == (1, 0)
    told = output_of(p, 5)
    assert (p.runs, p.failures) == (2, 1)
    for part in ("FAILED made_up, seed 5, run 2: status 1", "--rng-seed 5",
                 "curl_transport_test.cpp:327", "a log line"):
        assert part in told, (part, told)
    p = program(file, ["catch2"], timeout=1.0)
    told = output_of(p, 6)
    assert "no end within 1 s" in told and p.failures == 1, told

    file.write_text(PROGRAM.replace("$HAS_TIMING", "yes"))
    p = program(file, ["catch2", "timing"])
    assert p.plan == [([], 3), (["[timing]"], 100)], p.plan
    assert p.left() == 103 and p.next_run() == [] and p.left() == 102
print("what fails by chance is told")
