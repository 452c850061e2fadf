#!/usr/bin/env bash
# Installs what the build needs and is missing (Debian 12 or 13), and builds orderhub.
#
#   scripts/build.sh [--tests] [--preset NAME] [--packages-for check] [--install-only] [--no-install]
#
#   --tests            builds the tests and tools too
#   --preset NAME      release (default), dev (ASan and UBSan) or gcc
#   --packages-for check   also wants what scripts/check.sh uses (clang-tidy, clang-format, mandoc)
#   --install-only     stops after the packages
#   --no-install       installs nothing; says what is missing and stops
#
# The program is build/<preset>/orderhub. Packages are installed with apt-get, as root or with sudo;
# an ordinary user without sudo is told what is missing. A second run does nothing twice.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

preset=release
targets=(--target orderhub)
install=yes
build=yes
check=no
while [ $# -gt 0 ]; do
  case $1 in
  --tests) targets=() ;;
  --preset)
    preset=${2:?--preset needs a name}
    shift
    ;;
  --packages-for)
    [ "${2:-}" = check ] || die "--packages-for knows only: check"
    check=yes
    shift
    ;;
  --install-only) build=no ;;
  --no-install) install=no ;;
  -h | --help)
    usage
    exit 0
    ;;
  *) die "unknown option $1 (see --help)" ;;
  esac
  shift
done

# Each line: a package, then what else would do in its place: `cmd:` a program on the path,
# otherwise another package.
wanted_packages() {
  cat <<'LIST'
clang-19 cmd:clang++-19
libclang-rt-19-dev
lld-19 cmd:ld.lld-19
g++ cmd:g++
cmake cmd:cmake
ninja-build cmd:ninja
ccache cmd:ccache
python3 cmd:python3
python3-h2
curl cmd:curl
ca-certificates
libcaf-dev
liblmdb-dev
libjemalloc-dev
libcurl4-openssl-dev libcurl4-gnutls-dev
libssl-dev
libdeflate-dev
libzstd-dev
libncurses-dev
nlohmann-json3-dev
libsimdjson-dev
libboost-dev
libcli11-dev
libtomlplusplus-dev
libspdlog-dev
libfmt-dev
libexpected-dev
libicu-dev
libkainjow-mustache-dev
libphonenumber-dev
iso-codes
prometheus-cpp-dev
catch2
LIST
  if [ $check = yes ]; then
    echo "python3-jsonschema"
    echo "clang-tidy-19 cmd:clang-tidy-19"
    echo "clang-format-19 cmd:clang-format-19"
    echo "git cmd:git"
    echo "mandoc cmd:mandoc"
  fi
}

is_installed() { # package
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_packages() {
  local package others other found
  wanted_packages | while read -r package others; do
    found=no
    for other in $others; do
      case $other in
      cmd:*) command -v "${other#cmd:}" >/dev/null && found=yes ;;
      *) is_installed "$other" && found=yes ;;
      esac
    done
    [ $found = yes ] || is_installed "$package" || echo "$package"
  done
}

install_missing() {
  # Elsewhere than on Debian CMake finds out what is missing.
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "build.sh: no apt here, so nothing is installed; CMake will say what it misses" >&2
    return
  fi
  # No process substitution: a bare chroot has no /proc behind /dev/fd.
  local list missing as_root=()
  list=$(missing_packages)
  [ -n "$list" ] || return 0
  read -r -d '' -a missing <<<"$list" || true
  if [ $install = no ]; then
    die "these packages are missing: ${missing[*]}"
  fi
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      die "these packages are missing, and installing them needs root or sudo: ${missing[*]}"
    as_root=(sudo)
  fi
  echo "build.sh: installing ${missing[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -o DPkg::Lock::Timeout=600)
  "${as_root[@]}" "${apt[@]}" update ||
    die "apt-get update failed; these packages are still missing: ${missing[*]}"
  "${as_root[@]}" "${apt[@]}" install -y --no-install-recommends "${missing[@]}" ||
    die "apt-get could not install what is missing: ${missing[*]}"
}

install_missing
# The rules of Prometheus are tested where promtool can be had, and that test is left out elsewhere.
if [ $install = yes ] && { [ ${#targets[@]} = 0 ] || [ $check = yes ]; }; then
  "$root/scripts/promtool.sh" >/dev/null || true
fi
[ $build = yes ] || exit 0

cd "$root"
dir=build/$preset
mkdir -p "$dir"
# Two runs at once build one after the other.
exec 9>"$dir/.build_lock"
flock 9
if [ ! -e "$dir/build.ninja" ] || [ CMakePresets.json -nt "$dir/build.ninja" ]; then
  cmake --preset "$preset" 9>&-
fi
cmake --build --preset "$preset" "${targets[@]}" 9>&-
if [ ${#targets[@]} -gt 0 ]; then
  echo "build.sh: the program is $dir/orderhub"
fi
