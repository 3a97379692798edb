# What twenty.yml says, by hand: each step looks first and changes what differs. Piped into `sh -s` on the host.
set -e
host=$(hostname)

# keep FILE OWNER GROUP MODE: the file has this owner and mode, and what stands on stdin.
keep() {
  text=$(cat)
  if [ "$(cat "$1" 2>/dev/null)" != "$text" ]; then printf '%s\n' "$text" >"$1.new" && mv "$1.new" "$1"; fi
  own "$@"
}
own() {
  [ "$(stat -c '%U %G 0%a' "$1")" = "$2 $3 $4" ] || { chown "$2:$3" "$1" && chmod "$4" "$1"; }
}
directory() { [ -d "$1" ] || mkdir "$1"; own "$@"; }
parameter() {
  file=/etc/sysctl.d/90-bench.conf
  grep -qsx "$1=$2" $file || echo "$1=$2" >>$file
  [ "$(sysctl -n "$1")" = "$2" ] || sysctl -q -w "$1=$2"
}
service() {
  systemctl is-enabled -q "$1" || systemctl enable -q "$1"
  systemctl is-active -q "$1" || systemctl start "$1"
}

[ "$(dpkg-query -W -f '${db:Status-Status} ' bc tree 2>/dev/null)" = 'installed installed ' ] ||
  DEBIAN_FRONTEND=noninteractive apt-get -y -qq install --no-install-recommends bc tree >/dev/null
getent group bench >/dev/null || groupadd -g 4000 bench
id bench >/dev/null 2>&1 || useradd -m -u 4000 -g bench -s /bin/bash bench
id benchro >/dev/null 2>&1 || useradd -m -u 4001 -g bench -s /usr/sbin/nologin benchro
directory /etc/bench root bench 0750
directory /var/lib/bench bench bench 0700
printf 'threads = 4\nlog = info\n' | keep /etc/bench/settings.conf root bench 0640
echo 'bench soft nofile 65536' | keep /etc/security/limits.d/bench.conf root root 0644
echo 'Kept by the benchmark.' | keep /etc/bench/banner root root 0644
printf 'host = %s\nsetting = 42\n' "$host" | keep /etc/bench/host.conf root bench 0640
printf 'BENCH_HOST=%s\nBENCH_SETTING=42\nBENCH_HOME=/var/lib/bench\n' "$host" | keep /etc/bench/environment root root 0644
grep -qx '198.18.0.1 bench.internal' /etc/hosts || echo '198.18.0.1 bench.internal' >>/etc/hosts
grep -qsx owner=ops /etc/bench/mail.conf || echo owner=ops >/etc/bench/mail.conf
own /etc/bench/mail.conf root root 0644
printf '# BEGIN bench\nexport BENCH=1\numask 027\n# END bench\n' | keep /etc/profile.d/bench.sh root root 0644
parameter net.ipv4.tcp_keepalive_time 600
parameter net.ipv4.tcp_fin_timeout 30
[ "$(readlink /etc/bench/current.conf)" = settings.conf ] || ln -sfn settings.conf /etc/bench/current.conf
printf '[Service]\nUser=bench\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' |
  keep /etc/systemd/system/bench.service root root 0644
service bench
service ssh
