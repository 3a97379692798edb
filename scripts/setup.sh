#!/bin/sh
# Installs what drover's tests and its lab need on a fresh Debian or Ubuntu machine, and builds drover. With --full also
# Ansible, which inventories and playbooks are compared with.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n==> %s\n' "$*"; }

if ! command -v node >/dev/null; then
  echo 'Node.js is missing: install version 20.19 or newer' >&2
  exit 1
fi
node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Node.js ${process.versions.node} is too old: 20.19 is the least`);
    process.exit(1);
  }'
if [ "$(id -u)" -ne 0 ]; then
  echo 'the lab makes namespaces and containers: run this as root' >&2
  exit 1
fi

missing=
packages='mmdebstrap systemd-container nftables iproute2 openssh-client openssh-server debian-archive-keyring
  zsh fish man-db'
if [ "${1-}" = --full ]; then packages="$packages ansible-core"; fi
for package in $packages; do
  dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
if [ -n "$missing" ]; then
  say "Installing$missing"
  # An sshd or a firewall that starts on this machine is nobody's wish.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    ours=$policy
    trap 'rm -f "$ours"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  # shellcheck disable=SC2086 # a list of words
  apt-get install -y -q --no-install-recommends $missing
  rm -f ${ours:+"$ours"}
fi

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  say 'Installing the npm packages'
  npm ci --no-audit --no-fund
fi

say 'Building drover'
node scripts/build.mjs
