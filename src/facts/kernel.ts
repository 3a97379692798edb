import { quoteAll } from '../shell/quote.ts';
import { checkKey, type Collector, type Need } from './need.ts';

export interface KernelModuleFact {
  readonly loaded: boolean;
  /** Whether the running kernel has it to load. */
  readonly available: boolean;
}

export function needKernelModule(name: string): Need<KernelModuleFact> {
  return {
    kind: 'kernel-module',
    key: checkKey(name),
    parse: (records) => ({ loaded: records[0]?.[0] === 'loaded', available: records[0] !== undefined }),
  };
}

export const kernelModuleCollector: Collector = {
  kinds: ['kernel-module'],
  // modprobe takes - and _ as one; /sys/module has only _.
  script: (needs) => `for m in ${quoteAll(needs.map((need) => need.key))}; do
if [ -d "/sys/module/$(printf %s "$m" | tr - _)" ]; then printf 'kernel-module\\t%s\\tloaded\\n' "$m"
elif modprobe -n -q -- "$m" 2>/dev/null; then printf 'kernel-module\\t%s\\tavailable\\n' "$m"; fi
done`,
};

/** A kernel parameter's value, fields separated by one blank; undefined when the kernel has no such parameter. */
export function needSysctl(name: string): Need<string | undefined> {
  return { kind: 'sysctl', key: checkKey(name), parse: (records) => records[0]?.join(' ') };
}

export const sysctlCollector: Collector = {
  kinds: ['sysctl'],
  // The first separator is the one of folders (sysctl(8)): net.ipv4.conf.eth0/1.forwarding, net/ipv4/conf/eth0.1/forwarding.
  // Not by `read`: dash takes one byte at a time, and the kernel gives a parameter away at its first byte alone.
  script: (needs) => `for k in ${quoteAll(needs.map((need) => need.key))}; do
case $k in "\${k%%[./]*}"/*) f=/proc/sys/$k ;; *) f=/proc/sys/$(printf %s "$k" | tr ./ /.) ;; esac
[ -r "$f" ] && l=$(head -n 1 "$f" 2>/dev/null) && printf 'sysctl\\t%s\\t%s\\n' "$k" "$l"
done`,
};
