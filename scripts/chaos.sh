#!/usr/bin/env bash
# Kills the real hub while real orders run against faulty vendors, and checks what the vendors did.
#
#   scripts/chaos.sh [--seed N] [--kills N] [--orders N] [--break WHAT] [--no-build] [--keep]
#                    [--hang VENDOR] [--program FILE]
#
# `scripts/chaos.sh --help` after a build shows every option. Ends with one line of counts; exits 1
# where a guarantee was broken, 2 where the run itself could not be made.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

take_arguments --program "$@"
[ $build = no ] || "$root/scripts/build.sh"
exec python3 -B "$root/scripts/chaos.py" "${arguments[@]}"
