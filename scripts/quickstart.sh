#!/bin/sh
# From a fresh machine to a verified cluster that runs in the lab.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh

say() { printf '\n==> %s\n' "$*"; }
drover='node dist/drover.js'
inventory=/run/drover/lab/lab/inventory.yml

say 'Making four hosts (drover lab up)'
$drover lab up

say "Provisioning (drover provision -i $inventory)"
$drover provision --yes -i "$inventory"

cat <<TEXT

The cluster runs. Look around:

  $drover status -i $inventory            who leads, who follows
  $drover verify -i $inventory            every probe
  $drover plan -i $inventory              nothing to change
  $drover lab ssh node1                   a shell on a host

Connect to the leader (:5000) or a replica (:5001) through HAProxy; the password is in the secrets file:

  $drover inventory list -i $inventory    hosts and variables
  ${inventory%/*}/secrets.yml

Take it all down again:

  $drover lab down
TEXT
