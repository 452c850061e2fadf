#!/usr/bin/env bash
# Prometheus' own check of the rules and alerts, and their tests. Exit status 77 where there is no
# promtool: scripts/promtool.sh gets it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
promtool=$("$root/scripts/promtool.sh" --no-install) || exit 77
cd "$root/http_gateway/monitoring"
"$promtool" check rules orderhub.rules.yml orderhub.alerts.yml
"$promtool" test rules orderhub.rules.test.yml orderhub.days.test.yml
