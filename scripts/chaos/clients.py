"""The shop's side: clients over real HTTP, on a fixed number of threads."""
import http.client
import json
import queue
import threading
import time

from hub_processes import request


class Clients:
    def __init__(self, run, hub):
        self.run, self.hub = run, hub
        self.violate = run.violate
        self.errors = queue.SimpleQueue()

    def exchange(self, order, handler, body, request_key, once=False):
        """Asks until there is a real answer: (status, body), or None where it gave up."""
        path = order.path(handler)
        headers = {"Idempotency-Key": request_key} if request_key else {}
        # Recovery may take as long as the patience; no client asks for ever.
        give_up = time.monotonic() + self.run.duration * 3 + self.run.a.patience
        while time.monotonic() < give_up:
            try:
                status, answer_headers, answer = request(self.hub.port, "POST", path, body, headers,
                                                         timeout=75)
            except (OSError, http.client.HTTPException):
                if once:
                    return None
                time.sleep(0.05)
                continue
            if status in (429, 503):
                if once:
                    return None
                time.sleep(min(1.0, float(answer_headers.get("Retry-After", "0.2") or "0.2")))
                continue
            try:
                return status, json.loads(answer) if answer else None
            except ValueError:
                self.violate("wrong answers", f"{order.key} {handler}: {status}, not JSON")
                return status, None
        return None

    def place(self, order, twin):
        if not twin:
            order.sent_at = time.time()
        handler = "ProcessOrder/send" if order.one_way else "ProcessOrder"
        answer = self.exchange(order, handler, order.body(), order.request_key,
                               once=order.walks_away and not twin)
        if answer is None:
            return
        status, value = answer
        with order.lock:
            order.answers.append(answer)
            if status in (200, 202, 504):
                order.acknowledged = True
            elif status == 409 and order.cancel_after is not None:
                order.acknowledged = True
            else:
                self.violate("wrong answers", f"{order.key} {handler}: {status} {value}")

    def cancel(self, order):
        give_up = time.monotonic() + self.run.duration + 30
        while time.monotonic() < give_up:
            answer = self.exchange(order, "CancelOrder", None, None)
            if answer is None:
                return
            status, value = answer
            if status == 404 and not (order.walks_away and order.acknowledged is False and
                                      self.run.stop.is_set()):
                time.sleep(0.1)  # The order is still on its way.
                continue
            if status == 200:
                order.cancel_acknowledged = True
            elif status == 409 and self.run.a.webhooks:
                order.cancel_came_late = True  # The parcel moves.
            elif status not in (404, 504):
                self.violate("wrong answers", f"{order.key} CancelOrder: {status} {value}")
            return

    def deploy(self, deployment):
        body = json.dumps({"ref": "main", "environment": "production"}).encode()
        answer = self.exchange(deployment, "run/send", body, None)
        if answer is None:
            return
        # 409: it was run before, and a kill came before the answer.
        if answer[0] in (202, 409):
            deployment.acknowledged = True
        else:
            self.violate("wrong answers", f"{deployment.key} run: {answer}")

    def start(self):
        """Runs all clients' actions at their times on a fixed number of threads."""
        actions = []
        for order in self.run.orders:
            actions.append((order.start_at, self.place, (order, False)))
            if order.twin_after is not None:
                actions.append((order.start_at + order.twin_after, self.place, (order, True)))
            if order.cancel_after is not None:
                actions.append((order.start_at + order.cancel_after, self.cancel, (order,)))
        actions += [(d.start_at, self.deploy, (d,)) for d in self.run.deployments]
        actions.sort(key=lambda action: action[0])
        due = queue.SimpleQueue()

        def work():
            while True:
                action = due.get()
                if action is None:
                    return
                try:
                    action[1](*action[2])
                except Exception as e:  # A fault of this program: reported, never swallowed.
                    self.errors.put(e)

        # Orders in doubt hold their caller for seconds, so there are more threads than orders a
        # second; where a vendor hangs, every order may be.
        count = max(96, min(len(actions), 600)) if self.run.hang else 96
        threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
        for t in threads:
            t.start()

        def feed():
            for action in actions:
                self.run.sleep_until(self.run.began_at + action[0])
                due.put(action)
            for _ in threads:
                due.put(None)

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        return [feeder] + threads
