#!/bin/sh
# Installs drover from its tarball for all users of a Debian or Ubuntu machine; once more, it takes the place of the former
# one. PREFIX is /usr/local unless it is set.
#   tar -xzOf drover-0.1.0.tgz package/scripts/install.sh | sudo sh -s drover-0.1.0.tgz
set -eu
tarball=${1:?name the tarball of drover}
prefix=${PREFIX:-/usr/local}

suits() {
  command -v node >/dev/null && node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1);'
}
missing=
suits || missing=nodejs
# ssh is asked how hosts are reached.
command -v ssh >/dev/null || missing="$missing openssh-client"
if [ -n "$missing" ]; then
  apt-get update -q
  # shellcheck disable=SC2086 # a list of words
  apt-get install -y -q --no-install-recommends $missing
fi
suits || {
  echo "drover needs Node.js 20.19 or newer, and this release has $(node --version): https://nodejs.org/en/download has one" >&2
  exit 1
}

umask 022
mkdir -p "$prefix/bin" "$prefix/lib" "$prefix/share/man/man1" "$prefix/share/bash-completion/completions" \
  "$prefix/share/zsh/site-functions" "$prefix/share/fish/vendor_completions.d"
new=$(mktemp -d "$prefix/lib/drover.XXXXXX")
trap 'rm -rf "$new"' EXIT
tar -xzf "$tarball" -C "$new" --strip-components=1 --no-same-owner
chmod 755 "$new"
rm -rf "$prefix/lib/drover"
mv "$new" "$prefix/lib/drover"
ln -sf ../lib/drover/dist/drover.js "$prefix/bin/drover"
ln -sf ../../../lib/drover/docs/drover.1 "$prefix/share/man/man1/drover.1"

drover=$prefix/bin/drover
"$drover" completion bash >"$prefix/share/bash-completion/completions/drover"
"$drover" completion zsh >"$prefix/share/zsh/site-functions/_drover"
"$drover" completion fish >"$prefix/share/fish/vendor_completions.d/drover.fish"
"$drover" version
