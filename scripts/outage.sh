#!/usr/bin/env bash
# What a vendor's outage costs: orders that wait for Stripe, and orders beside a Shippo that hangs.
#
#   scripts/outage.sh [--orders N] [--seconds S] [--only outage|hang] [--no-build] [--keep]
#                     [--program FILE]
#
# Prints figures; exits 1 where an order did not end well after the outage or a vendor did something
# twice, 2 where the run itself could not be made.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

take_arguments --program "$@"
[ $build = no ] || "$root/scripts/build.sh"
exec python3 -B "$root/scripts/outage.py" "${arguments[@]}"
