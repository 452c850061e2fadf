#!/usr/bin/env bash
# All checks beside the tests of the product: format, layers, clang-tidy, the sanitizer build (ASan,
# UBSan, warnings are errors) with its tests, the fuzz targets, and g++'s reading. About 45 minutes
# on two cores the first time; ccache shortens the next ones.
#
#   scripts/check.sh [--only PART]…
#
#   --only PART   format, layers, tidy, dev, fuzz or gcc; may be given several times
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

parts=
while [ $# -gt 0 ]; do
  case $1 in
  -h | --help)
    usage
    exit 0
    ;;
  --only)
    case ${2:-} in
    format | layers | tidy | dev | fuzz | gcc) parts="$parts $2" ;;
    *) die "--only needs format, layers, tidy, dev, fuzz or gcc" ;;
    esac
    shift
    ;;
  *) die "unknown option $1 (see --help)" ;;
  esac
  shift
done
[ -n "$parts" ] || parts="format layers tidy dev fuzz gcc"

"$root/scripts/build.sh" --install-only --packages-for check
cd "$root"

sources() {
  git ls-files --cached --others --exclude-standard -- "$@"
}

check_format() {
  sources '*.hpp' '*.cpp' | xargs clang-format-19 --dry-run -Werror
}
check_layers() {
  python3 scripts/check_layers.py
}
# The product's sources; the tests' are met by two compilers with warnings as errors.
check_tidy() {
  cmake --preset tidy >/dev/null && scripts/tidy.py
}
check_dev() {
  "$root/scripts/build.sh" --tests --preset dev &&
    ctest --preset dev --parallel "$(nproc)" --label-exclude slow
}
# Every verifier and reader of webhooks, 10 s each, some 40 s in all once it is built.
check_fuzz() {
  cmake --preset fuzz >/dev/null && cmake --build --preset fuzz && scripts/fuzz.py
}
# The product's sources; the tests' are held against clang's warnings in `dev`.
check_gcc() {
  cmake --preset gcc >/dev/null && scripts/gcc_check.py
}

failed=0
for part in $parts; do
  echo "== $part"
  begin=$SECONDS
  if "check_$part"; then
    echo "check.sh: $part ok ($((SECONDS - begin)) s)"
  else
    echo "check.sh: $part FAILED ($((SECONDS - begin)) s)"
    failed=1
  fi
done
exit $failed
