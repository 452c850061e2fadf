#!/usr/bin/env bash
# Kills the real hub while real orders run against faulty vendors, and checks what the vendors did.
#
#   scripts/chaos.sh [--seed N] [--kills N] [--orders N] [--break WHAT] [--no-build] [--keep]
#                    [--hang VENDOR] [--clock-steps [N]] [--webhooks] [--program FILE]
#
# `scripts/chaos.sh --help` after a build shows every option. Ends with one line of counts; exits 1
# where a guarantee was broken, 2 where the run itself could not be made.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

take_arguments --program "$@"
if [ $build = yes ]; then
  "$root/scripts/build.sh"
  case " $* " in
  *" --clock-steps"*)
    flock "$root/build/release/.build_lock" \
      cmake --build "$root/build/release" --target orderhub_clock_shift
    ;;
  esac
fi
exec python3 -B "$root/scripts/chaos" "${arguments[@]}"
