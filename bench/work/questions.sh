# What a re-run of site.yml asks of a host, by hand; of a database host more than of others.
exec >/dev/null 2>&1
. /etc/os-release
hostname -I
dpkg --print-architecture
set -- /etc/hosts /etc/default/etcd /etc/default/etcd-initial /etc/systemd/system/*.service.d/drover.conf \
  /etc/postgresql-common/createcluster.d/drover.conf /etc/modules-load.d/drover-softdog.conf \
  /etc/udev/rules.d/61-watchdog.rules /etc/patroni/config.yml /etc/haproxy/haproxy.cfg
stat -c '%n %F %a %U %G' -- "$@"
sha256sum -- "$@"
stat -L -c '%n %.9Z' -- "$@"
cat /etc/hosts /etc/patroni/config.yml /var/lib/drover/wanted /var/lib/drover/cluster/* /var/lib/drover/units/*
dpkg-query -W -f '${Package} ${db:Status-Abbrev} ${Version}\n' etcd-server etcd-client patroni 'postgresql-*' haproxy
systemctl show --timestamp=us+utc -p LoadState,ActiveState,SubState,UnitFileState,InvocationID -- etcd patroni haproxy
[ -e /var/lib/postgresql/15/main ] || exit 0
od -An -tu8 -N8 /var/lib/postgresql/15/main/global/pg_control
runuser -u postgres -- psql -qAtc 'SELECT name, setting, unit, vartype, context, pending_restart FROM pg_settings'
