#!/usr/bin/env bash
# mandoc finds nothing wrong with the manual pages. Exit status 77 where there is no mandoc:
# scripts/build.sh --packages-for check installs it.
#
#   manual_pages_test.sh ORDERHUB
set -euo pipefail
command -v mandoc >/dev/null || exit 77
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
for section in 1 5; do
  "$1" man $section >"$pages/orderhub.$section"
  mandoc -T lint -W warning "$pages/orderhub.$section"
done
