"""SIGKILL at moments of the seed, and the start after it."""
import random
import time

from hub_processes import Failure


class Kills:
    def __init__(self, run, hub, clock_steps):
        self.run, self.hub, self.clock_steps = run, hub, clock_steps
        self.rng = random.Random(run.a.seed)

    def kill_and_restart(self):
        """All kills, in the main thread: children belong to the thread that made them."""
        moments = sorted(self.rng.uniform(0.3, self.run.duration) for _ in range(self.run.a.kills))
        killed_in_recovery = False
        first_kill = None
        clock_rng = random.Random(f"{self.run.a.seed}/clock while down")
        for number, moment in enumerate(moments):
            if not killed_in_recovery:
                self.run.sleep_until(self.run.began_at + moment)
            if not self.hub.process.alive():
                raise Failure(f"the hub ended by itself with status "
                              f"{self.hub.process.child.returncode}:\n"
                              f"{self.hub.process.log_tail()}")
            at = self.hub.process.kill()
            self.run.kills.append(at)
            first_kill = first_kill or at
            time.sleep(self.rng.choice([0, 0, self.rng.uniform(0, 0.4)]))
            if self.run.a.clock_steps and clock_rng.random() < 0.5:
                self.clock_steps.step(clock_rng, ", while the hub was down")
            # Some kills hit while the hub recovers from the one before.
            killed_in_recovery = number + 1 < len(moments) and self.rng.random() < 0.2
            if killed_in_recovery:
                self.hub.spawn()
                time.sleep(self.rng.uniform(0.005, 0.15))
                continue
            self.hub.start()
            self.run.recoveries.append(time.time() - first_kill)
            first_kill = None
