"""The orders of a run: decided beforehand, from the seed."""
import json
import threading
import urllib.parse

TERMINAL = {"confirmed", "payment_failed", "cancelled", "delivered"}


class Deployment:
    """A workflow that some order's shop has run beside the orders."""

    ended = {"succeeded", "failed", "inactive", "timed_out", "refused"}

    def __init__(self, number, rng, duration):
        self.key = f"deploy-{number}"
        self.start_at = rng.uniform(0, duration)
        self.acknowledged = False
        self.final = None      # GetStatus's answer

    def path(self, handler):
        return f"/DeploymentWorkflow/{self.key}/{handler}"


class Order:
    """What the clients do with one order, decided beforehand, and what they were told."""

    def __init__(self, number, rng, duration, calm):
        self.key = f"chaos-{number}" if rng.random() < 0.95 else f"chaos/{number}-\u00fc"
        self.start_at = rng.uniform(0, duration)
        draw = 1.0 if calm else rng.random()
        self.declined = draw < 0.08
        self.cancel_after = rng.uniform(0, 2.5) if 0.08 <= draw < 0.20 else None
        self.one_way = 0.20 <= draw < 0.30
        # Sent again by another client, at the same time or later.
        self.twin_after = rng.uniform(0, 1.5) if not calm and rng.random() < 0.2 else None
        self.request_key = f"request-{number}" if rng.random() < 0.3 else None
        self.walks_away = not calm and not self.one_way and rng.random() < 0.1
        self.amount = rng.randrange(100, 90000)
        self.quantity = rng.randrange(1, 4)
        self.phone = f"+1217555{number % 10_000:04}" if rng.random() < 0.5 else None
        self.lock = threading.Lock()
        self.sent_at = None    # Unix seconds, of the first ProcessOrder
        self.acknowledged = False
        self.cancel_acknowledged = False
        self.cancel_came_late = False
        self.answers = []      # (status, parsed body) of ProcessOrder
        self.final = None      # GetOrder's answer
        self.final_status = 0  # and its HTTP status

    def body(self):
        value = {
            "items": [{"productId": "sku-1", "quantity": self.quantity, "price": self.amount}],
            "customer": {"email": "a@example.com", "name": "A Buyer"},
            "shipping": {"street": "1 Main St", "city": "Springfield", "state": "IL",
                         "zip": "62701", "country": "US"},
        }
        if self.phone:
            value["customer"]["phone"] = self.phone
        if self.declined:
            value["payment"] = {"method": "pm_card_chargeDeclined"}
        return json.dumps(value).encode()

    def path(self, handler):
        return f"/OrderOrchestrator/{urllib.parse.quote(self.key, safe='')}/{handler}"
