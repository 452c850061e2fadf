#!/usr/bin/env bash
# All checks beside the tests of the product: format, layers, the sanitizer build (ASan, UBSan,
# warnings are errors) with its tests, the g++ build, and on request clang-tidy.
#
#   scripts/check.sh [--tidy] [--only format|layers|dev|gcc|tidy]
#
#   --tidy       clang-tidy 19 over every source too (about 20 minutes on two cores)
#   --only PART  one part alone
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

parts="format layers dev gcc"
while [ $# -gt 0 ]; do
  case $1 in
  -h | --help)
    usage
    exit 0
    ;;
  --tidy) parts="$parts tidy" ;;
  --only)
    parts=${2:?--only needs a part}
    shift
    ;;
  *) die "unknown option $1 (see --help)" ;;
  esac
  shift
done

"$root/scripts/build.sh" --install-only --packages-for check
cd "$root"

sources() {
  git ls-files --cached --others --exclude-standard -- '*.hpp' '*.cpp'
}

check_format() { sources | xargs clang-format-19 --dry-run -Werror; }
check_layers() { python3 scripts/check_layers.py; }
check_dev() {
  cmake --preset dev && cmake --build --preset dev &&
    ctest --preset dev --parallel "$(nproc)" --label-exclude slow
}
check_gcc() { cmake --preset gcc && cmake --build --preset gcc; }
check_tidy() {
  cmake --preset release >/dev/null &&
    sources | grep '\.cpp$' | grep -v '^tests/' |
    xargs -P "$(nproc)" -n 4 clang-tidy-19 -p build/release --quiet --warnings-as-errors='*'
}

failed=0
for part in $parts; do
  echo "== $part"
  if "check_$part"; then
    echo "check.sh: $part ok"
  else
    echo "check.sh: $part FAILED"
    failed=1
  fi
done
exit $failed
