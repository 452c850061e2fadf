#!/usr/bin/env bash
# Builds orderhub where needed and starts it with mock vendors. Ctrl-C stops it cleanly; started
# again it remembers its orders.
#
#   scripts/run.sh [--data-dir DIR] [--listen HOST:PORT] [--admin-listen HOST:PORT] [-- ARGS…]
#
#   --data-dir DIR      where the journal lives (default: data in the repository)
#   --listen H:P        default 127.0.0.1:8080, or the next free port
#   --admin-listen H:P  default 127.0.0.1:9070, or the next free port
#   --no-build          starts what is built
#   ARGS                go to `orderhub serve` as they are
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

data_dir=$root/data
listen=
admin_listen=
build=yes
while [ $# -gt 0 ]; do
  case $1 in
  --data-dir | --listen | --admin-listen)
    [ $# -ge 2 ] || die "$1 needs a value"
    case $1 in
    --data-dir) data_dir=$2 ;;
    --listen) listen=$2 ;;
    --admin-listen) admin_listen=$2 ;;
    esac
    shift
    ;;
  --no-build) build=no ;;
  -h | --help)
    usage
    exit 0
    ;;
  --)
    shift
    break
    ;;
  *) die "unknown option $1 (see --help)" ;;
  esac
  shift
done

[ $build = no ] || "$root/scripts/build.sh"
[ -n "$listen" ] || listen=127.0.0.1:$(free_port_from 8080)
if [ -z "$admin_listen" ]; then
  admin_port=$(free_port_from 9070)
  [ "127.0.0.1:$admin_port" != "$listen" ] || admin_port=$(free_port_from $((admin_port + 1)))
  admin_listen=127.0.0.1:$admin_port
fi

cat <<TEXT

orderhub with mock vendors on http://$listen (admin http://$admin_listen), data in $data_dir
Try next, in another terminal:

curl -s http://$listen/OrderOrchestrator/order-001/ProcessOrder -H 'content-type: application/json' -d '{"items":[{"productId":"sku-1","quantity":2,"price":4200}],"customer":{"email":"ada@example.com","name":"Ada Buyer"},"shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"62701","country":"US"}}'

Ctrl-C stops it.

TEXT
# The hub takes the place of this shell, so signals reach it and its exit code is ours.
exec "$root/build/release/orderhub" serve --mock --data-dir "$data_dir" --listen "$listen" \
  --admin-listen "$admin_listen" "$@"
