#!/bin/sh
# Every check and every suite, with all their set-up. The last line sums the suites.
set -u
cd "$(dirname "$0")/.."
sh scripts/setup.sh || exit 1

say() { printf '\n==> %s\n' "$*"; }
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
status=0

say 'Installing newer versions of Node.js'
npm ci --prefix test/nodes --no-audit --no-fund || exit 1

say 'Static checks'
npm run --silent check || status=1

# suite NAME NODE PROJECT...: one run of vitest, whose report sum.mjs reads.
suite() {
  name=$1 node=$2
  shift 2
  projects=
  for project; do projects="$projects --project $project"; done
  say "$name"
  # shellcheck disable=SC2086 # a list of words
  "$node" node_modules/vitest/vitest.mjs run $projects --reporter=default --reporter=json \
    --outputFile.json="$reports/$name.json" || status=1
}

suite node-current node unit contract integration e2e
suite node-22 test/nodes/node_modules/node22/bin/node unit contract
suite node-24 test/nodes/node_modules/node24/bin/node unit contract

node scripts/sum.mjs "$reports" node-current node-22 node-24 || status=1
exit "$status"
