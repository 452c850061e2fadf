#!/usr/bin/env bash
# Looks for tests that fail by chance: runs every test program again and again while all cores are
# kept busy.
#
#   scripts/flaky.sh [--only NAME]… [--times N] [--timing-times N] [--seed N] [--load N] [--nice N]
#                    [--within SECONDS] [--preset NAME] [--no-build]
#
# Every Catch2 program that ctest knows is run 3 times (--times). One that is labelled `timing` in
# ctest, because it has threads, sockets or processes, is run 100 times (--timing-times): whole, or,
# where some of its cases are tagged `[timing]`, these alone, since a hundred runs of all of it
# would not fit into the hour (journal_test), and its other runs are the 3 of everybody. Each run
# has its own seed and so its own order of cases.
#
# A run that fails is shown with its program, seed and output, and with the command that repeats it.
# Ends with one line of counts; exits 1 where a run failed or the time (--within, an hour) was too
# short for all of them. Took 18 minutes on 2 cores with everything at its default.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

take_arguments --no-option-names-a-build "$@"
# What is built is what is run.
preset=release
for ((i = 0; i < ${#arguments[@]}; ++i)); do
  case ${arguments[i]} in
  --preset) preset=${arguments[i + 1]:?} ;;
  --preset=*) preset=${arguments[i]#*=} ;;
  esac
done
[ $build = no ] || "$root/scripts/build.sh" --tests --preset "$preset" >&2
exec python3 -B "$root/scripts/flaky.py" "${arguments[@]}"
