#!/usr/bin/env bash
# Installs what is missing, builds everything, and runs all tests. Ends with ctest's closing lines.
#
#   scripts/test.sh [--preset NAME] [CTEST ARGS…]
#
#   --preset NAME   release (default), dev or gcc
#   CTEST ARGS      go to ctest, for example: -R journal
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

preset=release
case ${1:-} in
-h | --help)
  usage
  exit 0
  ;;
--preset)
  preset=${2:?--preset needs a name}
  shift 2
  ;;
esac

"$root/scripts/build.sh" --tests --preset "$preset"
cd "$root"
exec ctest --preset "$preset" --parallel "$(nproc)" "$@"
