#!/bin/sh
# Every check and every suite, with all their set-up; with --full what takes longer, too. The last line sums the suites.
set -u
cd "$(dirname "$0")/.."
began=$(date +%s)
full=
if [ "${1-}" = --full ]; then full=yes; fi
sh scripts/setup.sh ${full:+--full} || exit 1

say() { printf '\n==> %s\n' "$*"; }
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
status=0
runs=

say 'Installing newer versions of Node.js'
npm ci --prefix test/nodes --no-audit --no-fund || exit 1

say 'Static checks'
npm run --silent check || status=1

# run NAME NODE ARGUMENTS...: one run of vitest, whose report sum.mjs reads.
run() {
  name=$1 node=$2
  shift 2
  say "$name"
  "$node" node_modules/vitest/vitest.mjs run "$@" --reporter=default --reporter=json \
    --outputFile.json="$reports/$name.json"
}
suite() { runs="$runs $1"; run "$@" || status=1; }
node_of() { echo "test/nodes/node_modules/node$1/bin/node"; }

if [ "$full" ]; then
  # Kills the controller at twenty moments of a first provisioning and of a roll, each held to a verified cluster.
  export DROVER_KILLS=20 DROVER_SATURATION=240
  # Leaders are frozen and cut off in the synchronous mode, too.
  export DROVER_REPLICATION=asynchronous,synchronous
  # Searches that long for a run that differs from one that speculates on nothing.
  export DROVER_SECONDS=300
  # Inventories of random values, held to files that parse.
  export DROVER_INPUTS=2000
fi

# What needs no host waits for nobody; the suites of the lab mostly wait, and go first.
background() {
  run unit node --project unit
  for version in 22 24; do run "unit-node-$version" "$(node_of "$version")" --project unit; done
}
(background) >"$reports/background" 2>&1 &
renice -n 10 -p $! >/dev/null
runs='unit unit-node-22 unit-node-24'

suite install node --project install
if [ "$full" ]; then suite ansible node --project ansible; fi
suite contract node --project contract
suite integration node --project integration
suite e2e node --project e2e
# All of that has run on Debian 12; of 13, the lab's default, whole clusters from bare hosts, and a roll under writes.
export DROVER_RELEASE=13
if [ "$full" ]; then
  # A kill's moments were those of Debian 12 already.
  unset DROVER_KILLS
  # Sets of random values that a cluster is to survive.
  export DROVER_VALUES=20
  suite contract-debian-13 node --project contract
  suite e2e-debian-13 node --project e2e
else
  suite e2e-debian-13 node --project e2e test/e2e/three-node.test.ts test/e2e/rolling.test.ts
fi
unset DROVER_RELEASE
for version in 22 24; do
  if [ "$full" ]; then
    # What changes hosts is the same script whatever made it: each module's is tried from each version here only.
    suite "contract-node-$version" "$(node_of "$version")" --project contract
  else
    # The controller is all that the version changes: the unit tests, and a plan that is made, kept and done over SSH.
    suite "plan-node-$version" "$(node_of "$version")" --project e2e test/e2e/saved-plan.test.ts
  fi
done

wait
cat "$reports/background"

# shellcheck disable=SC2086 # a list of words
node scripts/sum.mjs "$reports" "$began" $runs || status=1
exit "$status"
