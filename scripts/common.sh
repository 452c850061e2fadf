# Sourced by the other scripts; not run by itself.
# Sets `root` to the repository and offers what several scripts need.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# Prints the comment at the top of the calling script: its documentation and its --help are one.
usage() {
  awk 'NR == 1 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$0"
}

# True if something listens on 127.0.0.1:$1.
port_is_taken() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# The first port from $1 on that nobody listens on.
free_port_from() {
  local port=$1
  while port_is_taken "$port"; do
    port=$((port + 1))
    [ "$port" -lt 65536 ] || die "there is no free port above $1"
  done
  echo "$port"
}

# Splits "${@:2}" for a Python program behind a script: sets `arguments` to what it gets, and `build`
# to `no` where nothing is to be built: --no-build, --help, or option $1, which names what is built.
take_arguments() {
  local names_the_build=$1 argument
  shift
  build=yes
  arguments=()
  for argument in "$@"; do
    case $argument in
    --no-build) build=no ;;
    "$names_the_build" | "$names_the_build"=*)
      build=no
      arguments+=("$argument")
      ;;
    -h | --help)
      usage
      build=no
      command -v python3 >/dev/null || exit 0
      arguments+=(--help)
      ;;
    *) arguments+=("$argument") ;;
    esac
  done
}
