"""What the project wants of its figures, and what was measured of others."""

# What the project wants, and what was measured of others on such a machine.
TARGETS = {
    "orders.c64.v0.per_second": (">=", 4500),
    "orders.c1.v0.p50": ("<=", 4),
    "orders.c64.v0.p99": ("<=", 30),
    "orders.c256.v20.per_second": (">=", 2500),
    "orders.c64.v0.share_of_ceiling": (">=", 0.75),
    "orders.c64.v0.memory_anon": ("<=", 60),
    "slow.c1000.v500.share_of_latency": (">=", 0.9),
    "slow.c4000.v500.per_second": (">=", 1500),
    "slow.c4000.v500.p99": ("<=", 3000),
    "slow.c10000.v500.memory_anon": ("<=", 300),
    "webhooks.c64.per_second": (">=", 15000),
    "webhooks.c64.memory_anon": ("<=", 60),
    "signed.share_of_unsigned": (">=", 0.7),
    "signed.c64.p99": ("<=", 20),
    "signed.c64.drained": ("<=", 5),
    "repeated.c64.drained": ("<=", 5),
    "remembered.time_to_that_of_none": ("<=", 1.5),
    "recovery.charges_twice": ("<=", 0),
    "recovery.labels_twice": ("<=", 0),
    "recovery.finished": ("<=", 1.5),
    "recovery.finished_in_doubt": ("<=", 3.5),
    "checkpoint.longest_commit": ("<=", 20),
    "start.stored_1000000.ready": ("<=", 1),
    "lists.idle.page.p99": ("<=", 20),
    "lists.loaded.page.p99": ("<=", 60),
}

PEERS = {
    "orders.c64.v0.per_second": {"restate": 374, "dbos": 160, "node without journal": 2034},
    "orders.c1.v0.p50": {"restate": 13, "dbos": 26},
    "orders.c64.v0.p99": {"restate": 262, "dbos": 564},
    "orders.c256.v20.per_second": {"restate, vendors at 0 ms": 391, "dbos": 160},
    "webhooks.c64.per_second": {"restate": 903, "dbos": 749},
    "orders.c64.v0.memory_anon": {"restate": 578, "dbos": 307},
    "recovery.charges_twice": {"restate": "25-69 of 262-475 calls repeated",
                               "dbos": "283-416 calls repeated"},
    "recovery.finished": {"restate": 4.3, "dbos": 6.8},
}
