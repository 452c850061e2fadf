#!/usr/bin/env bash
# Prints where promtool is: on the path, or in build/tools, where it is unpacked from Debian's package
# `prometheus`. That package is not installed: it would start a service.
#
#   scripts/promtool.sh [--no-install]
#
#   --no-install   downloads nothing
#
# Exit status 1 where there is none and none can be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

install=yes
case ${1:-} in
-h | --help)
  usage
  exit 0
  ;;
--no-install) install=no ;;
'') ;;
*) die "unknown option $1 (see --help)" ;;
esac

if command -v promtool; then
  exit 0
fi
tools=$root/build/tools
if [ ! -x "$tools/promtool" ]; then
  [ $install = yes ] || die "there is no promtool; scripts/promtool.sh gets it"
  command -v apt-get >/dev/null || die "there is no promtool, and no apt-get to get it with"
  mkdir -p "$tools"
  fresh=$(mktemp -d "$tools/promtool.XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  (cd "$fresh" && apt-get -q download prometheus && dpkg-deb -x prometheus_*.deb unpacked) >&2 ||
    die "the package prometheus cannot be downloaded: run apt-get update first"
  mv "$fresh/unpacked/usr/bin/promtool" "$tools/promtool"
fi
echo "$tools/promtool"
