"""What chaos.sh can be told."""
import argparse
import random


def shares(text):
    """Four percentages, as shares of one."""
    numbers = [float(number) / 100 for number in text.split(",")]
    if len(numbers) != 4 or min(numbers) < 0 or sum(numbers) - numbers[1] > 0.95:
        raise ValueError
    return numbers


def parse_arguments(description):
    p = argparse.ArgumentParser(prog="chaos.sh", description=description,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seed", type=int, help="default: drawn, and printed")
    p.add_argument("--kills", type=int, default=10, help="SIGKILLs of the hub (default 10)")
    p.add_argument("--orders", type=int, default=300, help="orders (default 300)")
    p.add_argument("--break", dest="broken", choices=["unstable-keys", "absence-zero"],
                   help="break the hub on purpose; the run must then fail")
    p.add_argument("--hang", choices=["stripe", "shippo", "sendgrid", "slack", "twilio",
                                     "github"],
                   help="this vendor hangs for a while")
    p.add_argument("--hang-answer", type=float, metavar="SECONDS",
                   help="how late it then answers; 0: never (default: half of the calls after "
                        "28 s, half never)")
    p.add_argument("--mix", nargs="?", const="30,20,5,2", type=shares,
                   metavar="FAIL,LATE,LOST,AFTER",
                   help="instead of changing faults, of all calls of all vendors so many percent "
                        "fail, are answered late, lose the answer after the work, and do the work "
                        "after the cut (30,20,5,2 where no numbers are given)")
    p.add_argument("--clock-steps", type=int, nargs="?", const=10, default=0, metavar="N",
                   help="steps of the hub's wall clock (10 where N is not given)")
    p.add_argument("--webhooks", action="store_true",
                   help="the vendors tell the hub by webhooks, each event 1 to 5 times in any "
                        "order, and somebody forges some")
    p.add_argument("--webhooks-lost", type=float, default=0, metavar="SHARE",
                   help="and so much of them they never send (default 0)")
    p.add_argument("--program", help="the hub (default: build/release/orderhub)")
    p.add_argument("--patience", type=float, default=120,
                   help="seconds for the last order to become terminal (default 120)")
    p.add_argument("--keep", action="store_true", help="keep the logs, the journal and the ledger")
    a = p.parse_args()
    if a.kills < 0 or a.orders < 1 or a.clock_steps < 0:
        p.error("--kills and --clock-steps must be at least 0 and --orders at least 1")
    if a.broken and (a.hang or a.clock_steps or a.webhooks):
        p.error("--break goes with none of --hang, --clock-steps and --webhooks")
    if a.mix and (a.broken or a.hang):
        p.error("--mix goes with neither --break nor --hang")
    if a.webhooks_lost and not a.webhooks:
        p.error("--webhooks-lost goes with --webhooks")
    if a.seed is None:
        a.seed = random.SystemRandom().randrange(1, 2**31)
    return a
