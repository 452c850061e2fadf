"""One run's plan and record."""
import collections
import random
import threading
import time

from chaos.orders import Deployment, Order


class Run:
    """What was decided beforehand, and what happened.

    Everybody writes into it; the verdict reads it.
    """

    def __init__(self, arguments):
        self.a = arguments
        calm = arguments.broken is not None
        self.duration = max(arguments.kills * 1.0, arguments.orders / 40, 3.0)
        self.orders = [Order(i, random.Random(f"{arguments.seed}/{i}"), self.duration, calm)
                       for i in range(arguments.orders)]
        self.deployments = [Deployment(i, random.Random(f"{arguments.seed}/d{i}"), self.duration)
                            for i in range(0 if calm else arguments.orders // 20)]
        self.violations = collections.OrderedDict()  # counter name -> texts
        self.began_at = None
        self.kills = []        # Unix seconds
        self.recoveries = []   # seconds from SIGKILL to the first answer
        self.epochs = []       # (from, rules of faults), Unix seconds, ascending
        # Seconds after the beginning: enough orders before it to compare with.
        self.hang = (self.duration * 0.25, self.duration * 0.85) if arguments.hang else None
        self.clock_steps = []  # texts
        self.finish_s = None   # seconds from the end of the load to the last terminal order
        self.stop = threading.Event()

    def violate(self, counter, text):
        self.violations.setdefault(counter, []).append(text)

    def offset(self, at):
        return f"+{at - self.began_at:.3f} s"

    @staticmethod
    def sleep_until(at):
        left = at - time.time()
        if left > 0:
            time.sleep(left)
