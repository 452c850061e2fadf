"""The load generator, as a process of its own."""
import json
import subprocess
import time

from hub_processes import Failure


class Load:
    """One orderhub_load under way, and the most memory that the hub had meanwhile."""

    def __init__(self, program, arguments):
        self.arguments = arguments
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", str(program)] + [str(a) for a in arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.anon_kb = self.file_kb = 0

    def sample(self, process):
        anon, file = process.memory_kb()
        if anon >= self.anon_kb:
            self.anon_kb, self.file_kb = anon, file

    def finish(self, hub=None, timeout=600):
        """Waits for the end; samples the hub's memory twice a second. The line it printed."""
        deadline = time.monotonic() + timeout
        while True:
            if hub:
                if not hub.process.alive():
                    self.process.kill()
                    raise Failure("the hub ended under load with status "
                                  f"{hub.process.child.returncode}:\n{hub.process.log_tail()}")
                self.sample(hub.process)
            try:
                out, err = self.process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    self.process.kill()
                    self.process.communicate()
                    raise Failure(f"the load did not end within {timeout} s: "
                                  f"{' '.join(map(str, self.arguments))}") from None
        if hub:
            self.sample(hub.process)
        try:
            result = json.loads(out)
        except ValueError:
            raise Failure(f"orderhub_load said nothing usable: {err.strip() or out!r}") from None
        if self.process.returncode != 0:
            raise Failure("not every request was answered with success: "
                          f"{json.dumps({k: v for k, v in result.items() if v})} {err.strip()}")
        return result
