#!/usr/bin/env bash
# Measures orderhub on this machine: orders and webhooks a second, latencies, CPU, memory, disk,
# recovery after SIGKILL, time to start. Prints tables, then a JSON line a figure.
#
#   scripts/bench.sh [--only PART,…] [--quick] [--runs N] [--json FILE] [--dir DIR] [--no-build]
#                    [--against PROGRAM]
#
# The parts are fdatasync, orders, slow, webhooks, signed, remembered, recovery, start, suspended,
# lists, operator and checkpoint. A whole run takes about 25 minutes on 2 cores and up to 12 GB of disk for a while (start
# and checkpoint store a million orders); with --quick about 3 minutes, whose figures only show that
# all of it works.
#
# With --against another build of orderhub runs the same loads (orders, slow, webhooks) in turn with
# this one, and the ratios are printed.
#
# Hub, mock vendors and load generator are separate processes on this machine, on free ports of
# their own; the hub syncs every commit. Every option: `scripts/bench.sh --help` after a build.
# Missing a target is no failure: exits 1 where a part could not be measured, and says why.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

take_arguments --build-dir "$@"
if [ $build = yes ]; then
  # Installs and configures; then the tools, under the lock that it takes itself.
  "$root/scripts/build.sh" >&2
  flock "$root/build/release/.build_lock" \
    cmake --build "$root/build/release" --target orderhub_load orderhub_fill orderhub_sign >&2
fi
exec python3 -B "$root/scripts/bench" "${arguments[@]}"
