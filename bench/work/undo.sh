# Takes back what twenty.yml and files.yml did.
systemctl disable -q --now bench 2>/dev/null
for name in bench benchro; do userdel -r "$name" 2>/dev/null; done
groupdel bench 2>/dev/null
dpkg -P bc tree >/dev/null 2>&1
rm -rf /etc/bench /var/lib/bench /etc/security/limits.d/bench.conf /etc/profile.d/bench.sh \
  /etc/sysctl.d/90-bench.conf /etc/systemd/system/bench.service /var/lib/drover
# Not deleted: for a minute or more ext4 searches past each deleted inode for every file that it makes, which took all
# tools longer than their own work.
[ ! -e /srv/files ] || { mkdir -p /srv/gone && mv /srv/files "/srv/gone/$(date +%s%N)"; }
sed -i '/bench.internal/d' /etc/hosts
sysctl -q -w net.ipv4.tcp_keepalive_time=7200 net.ipv4.tcp_fin_timeout=60
systemctl daemon-reload
