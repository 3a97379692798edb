import type { Collector, FactRecord, Need } from './need.ts';

/** What a host is: the variables under `facts`. */
export interface HostFact {
  /** os-release's ID: `debian`, `ubuntu`. */
  readonly distro: string;
  /** os-release's VERSION_ID: `12`, `24.04`. */
  readonly release: string;
  readonly codename: string;
  /** dpkg's name of the architecture: `amd64`. */
  readonly arch: string;
  /** systemd-detect-virt: `none`, `kvm`, `systemd-nspawn`, … */
  readonly virt: string;
  readonly container: boolean;
  /** All addresses but loopback ones. */
  readonly addresses: readonly string[];
  readonly hostname: string;
  /** systemd is process 1. */
  readonly systemd: boolean;
  /** cloud-init is there, and rewrites some files at boot. */
  readonly cloud_init: boolean;
}

export const needHost: Need<HostFact | undefined> = { kind: 'host', key: 'host', parse: parseHost };

function parseHost(records: readonly FactRecord[]): HostFact | undefined {
  const [record] = records;
  if (!record) return undefined;
  const [
    distro = '',
    release = '',
    codename = '',
    arch = '',
    virt = '',
    kind = '',
    addresses = '',
    hostname = '',
    init = '',
    cloud = '',
  ] = record;
  return {
    distro,
    release,
    codename,
    arch,
    virt,
    container: kind === 'container',
    addresses: addresses.split(' ').filter((address) => address !== ''),
    hostname,
    systemd: init === 'systemd',
    cloud_init: cloud === 'yes',
  };
}

export const hostCollector: Collector = {
  kinds: ['host'],
  // What systemd noted of the container it started in, and the kernel of its name, needs no process to read.
  script: () => `[ -f /etc/os-release ] && . /etc/os-release
if [ -f /run/systemd/container ] && IFS= read -r v 2>/dev/null </run/systemd/container; then k=container
elif v=$(systemd-detect-virt -c 2>/dev/null); then k=container
else k=machine; v=$(systemd-detect-virt 2>/dev/null) || :; fi
if [ -d /run/systemd/system ]; then i=systemd; else i=other; fi
if [ -d /etc/cloud/cloud.cfg.d ]; then c=yes; else c=no; fi
IFS= read -r h </proc/sys/kernel/hostname
a=
for x in $(hostname -I); do a="$a $x"; done
printf 'host\\thost\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' "$ID" "$VERSION_ID" "$VERSION_CODENAME" "$(dpkg --print-architecture)" "\${v:-none}" "$k" "\${a# }" "$h" "$i" "$c"`,
};
