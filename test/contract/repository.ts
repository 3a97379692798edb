/** A package of the repository: what it is called, and what it does when it is installed. */
const packages = [
  { name: 'contract-a', version: '1.0' },
  { name: 'contract-a', version: '2.0' },
  { name: 'contract-b', version: '1.0' },
];

const place = '/opt/contract';

/**
 * Script that makes the host's only repository, of packages that do nothing but note what invoke-rc.d would have
 * been told: installing needs no network and takes no time.
 */
export const makeRepository = `rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
mkdir -p ${place}; cd ${place}
: > Packages
package() {
d=$(mktemp -d); mkdir -p "$d/DEBIAN" "$d/usr/share/$1"
control="Package: $1
Version: $2
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: a package of the test"
printf '%s\\n' "$control" > "$d/DEBIAN/control"
printf '%s\\n' "$2" > "$d/usr/share/$1/version"
printf '#!/bin/sh\\n[ ! -x /usr/sbin/policy-rc.d ] || { /usr/sbin/policy-rc.d; echo $? > /var/lib/contract-told; }\\n' > "$d/DEBIAN/postinst"
chmod 755 "$d" "$d/DEBIAN/postinst"
dpkg-deb --root-owner-group --build "$d" "$1_$2.deb" >/dev/null
rm -r "$d"
sum=$(sha256sum "$1_$2.deb")
printf '%s\\nFilename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$control" "$1_$2.deb" "$(stat -c %s "$1_$2.deb")" "\${sum%% *}" >> Packages
}
${packages.map(({ name, version }) => `package ${name} ${version}`).join('\n')}
echo 'deb [trusted=yes] file:${place} ./' > /etc/apt/sources.list
apt-get -q update >/dev/null`;
