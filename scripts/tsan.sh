#!/usr/bin/env bash
# ThreadSanitizer over everything that has threads: builds the preset `tsan` and runs the test
# programs that ctest labels `timing`, then those of tests/scripts that run the whole hub. By hand:
# it is no part of check.sh. Took 15 minutes on 2 cores the first time, 8 of them for the tests.
#
#   scripts/tsan.sh [--only REGEX] [--caf DIR]
#
#   --only REGEX   these tests, as `ctest -R` names them, and nothing else is built but what they need
#   --caf DIR      where CAF's source is, or is put (default: build/tsan-caf)
#
# Debian's CAF is compiled without ThreadSanitizer, to which everything that passes through one of
# its mailboxes would look like a race. So the source of the installed version is had from Debian,
# once, and its core is compiled with it, against the installed headers. apt gets lists of its own in
# that folder: the machine's are left as they are.
#
# Each report is a file in build/tsan/reports. Exits 1 where there is one, or where a test failed.
# TSAN_OPTIONS is passed on.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Of tests/scripts: what has the hub, its journal, its two ports and its tools do all that they can.
scripted='reload|operator|session|backup|stream|listen|live_check|erase|bulk|compact_running|monitoring'
scripted="$scripted|custom_provider|chaos_(short|hang|clock_steps|webhooks)"
only=
caf=$root/build/tsan-caf
while [ $# -gt 0 ]; do
  case $1 in
  --only)
    only=${2:?--only needs a regular expression}
    shift
    ;;
  --caf)
    caf=${2:?--caf needs a folder}
    shift
    ;;
  -h | --help)
    usage
    exit 0
    ;;
  *) die "unknown option $1 (see --help)" ;;
  esac
  shift
done

# fetch_caf NAME VERSION: the archive of that Debian source package, into the folder that we are in.
fetch_caf() {
  local file
  mkdir -p apt/sources apt/lists/partial
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -e "$file" ] && sed -n 's/^deb /deb-src /p' "$file" >"apt/sources/${file##*/}"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -e "$file" ] && sed 's/^Types:.*/Types: deb-src/' "$file" >"apt/sources/${file##*/}"
  done
  local own=(-q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$PWD/apt/sources"
    -o Dir::State::lists="$PWD/apt/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
  apt-get "${own[@]}" update
  apt-get "${own[@]}" source --tar-only "$1=$2"
}

"$root/scripts/build.sh" --install-only
if [ ! -e "$caf/source/libcaf_core/src/actor_system.cpp" ]; then
  command -v apt-get >/dev/null || die "no apt here: unpack CAF's source as $caf/source"
  rm -rf "$caf/new"
  mkdir -p "$caf/new"
  (
    cd "$caf"
    # Name and version of the source, for example: actor-framework 0.17.6-2.1
    read -r name version < <(dpkg-query -W -f '${source:Package} ${source:Version}\n' libcaf-dev)
    fetch_caf "$name" "$version"
    tar -xf "$name"_*.orig.tar.* -C new --strip-components 1
    mv new source
  )
fi

cd "$root"
cmake --preset tsan -DORDERHUB_CAF_SOURCE="$caf/source"
tests=$(ctest --test-dir build/tsan -N -L timing | sed -nE 's/^ *Test +#[0-9]+: //p')
if [ -n "$only" ]; then
  programs=$(grep -E "$only" <<<"$tests" || true)
else
  programs=$tests
fi
# shellcheck disable=SC2086 # Names of targets.
cmake --build build/tsan --target $programs orderhub orderhub_clock_shift

rm -rf build/tsan/reports
mkdir -p build/tsan/reports
export TSAN_OPTIONS="second_deadlock_stack=1:history_size=4:log_path=$root/build/tsan/reports/report${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
failed=0
ctest --test-dir build/tsan --output-on-failure --no-tests=error \
  -R "${only:-^($(tr '\n' '|' <<<"$tests")$scripted)\$}" || failed=1
reports=$(find build/tsan/reports -type f | wc -l)
if [ "$reports" -gt 0 ]; then
  sed -n 's/^SUMMARY: ThreadSanitizer: //p' build/tsan/reports/* | sort | uniq -c | sort -rn
fi
echo "tsan.sh: $reports processes with reports, in build/tsan/reports"
[ "$failed" = 0 ] && [ "$reports" = 0 ]
