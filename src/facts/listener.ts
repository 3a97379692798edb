import { checkKey, type Collector, type Need } from './need.ts';

/** Who listens on a port. */
export interface Listener {
  /** As ss(8) writes it: `*`, `0.0.0.0`, `[::1]`, … */
  readonly address: string;
  readonly program: string;
  /** The systemd service that it runs in; empty where it runs in none. */
  readonly unit: string;
}

/** Those who listen on a TCP port of the host, at whatever address; none where the host has no ss. */
export function needListeners(port: number): Need<readonly Listener[]> {
  return {
    kind: 'listener',
    key: checkKey(String(port)),
    parse: (records) =>
      records.map(([address = '', program = '', unit = '']) => ({ address, program, unit })),
  };
}

export const listenerCollector: Collector = {
  kinds: ['listener'],
  // Services come and go between plan and apply, and nothing that changes a host compares with them.
  unguarded: ['listener'],
  script: (needs) => `ss -Hltnp 2>/dev/null | while read -r _ _ _ l _ u; do
p=\${l##*:}
case ' ${needs.map(({ key }) => key).join(' ')} ' in *" $p "*) ;; *) continue ;; esac
n=\${u#*\\"} i=\${u#*pid=} s=
i=\${i%%,*}
while IFS=: read -r _ _ c; do case $c in *.service*) c=\${c%%.service*}; s=\${c##*/}.service ;; esac; done 2>/dev/null <"/proc/$i/cgroup"
printf 'listener\\t%s\\t%s\\t%s\\t%s\\n' "$p" "\${l%:*}" "\${n%%\\"*}" "$s"
done`,
};
