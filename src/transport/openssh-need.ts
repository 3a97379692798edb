import { hasNoAlgorithm, type AllowedAlgorithms } from './algorithms.ts';
import { beyondUs } from './key-file.ts';
import { KnownHosts } from './known-hosts.ts';
import type { SshSettings } from './ssh-config.ts';

interface Way {
  readonly methods: readonly string[];
  readonly identityFiles: readonly string[];
  readonly agent: string | undefined;
  readonly password: string | undefined;
  readonly knownHostsFiles: readonly string[];
  readonly knownAs: string;
  readonly algorithms: AllowedAlgorithms;
}

/** Settings that only the program ssh can follow, with the values that ask for nothing. */
const onlyThere: Readonly<Record<string, readonly string[]>> = {
  certificatefile: ['none'],
  pkcs11provider: ['none'],
  knownhostscommand: ['none'],
  revokedhostkeys: ['none'],
  verifyhostkeydns: ['no', 'false'],
  nohostauthenticationforlocalhost: ['no'],
  hostbasedauthentication: ['no'],
  proxyusefdpass: ['no'],
  forwardagent: ['no', 'yes'],
  addressfamily: ['any'],
  bindaddress: [],
  bindinterface: [],
};

/** What of the way to a host makes it one for the program ssh; undefined if drover's own connection will do. */
export function whyOpenSsh(way: Way, settings: SshSettings): string | undefined {
  for (const [keyword, idle] of Object.entries(onlyThere)) {
    const [value] = settings.get(keyword) ?? [];
    if (value !== undefined && !idle.includes(value)) return `${keyword} ${value}`;
  }
  const { methods, identityFiles, agent, password, knownHostsFiles, knownAs, algorithms } = way;
  if (hasNoAlgorithm(algorithms)) return 'algorithms that only it has';
  if (KnownHosts.read(knownHostsFiles).hasAuthority(knownAs)) return 'the @cert-authority of its host key';
  if (methods.includes('publickey')) {
    for (const path of identityFiles) {
      const what = beyondUs(path);
      if (what !== undefined) return what;
    }
  }
  const hasGssapi = settings.get('gssapiauthentication')?.[0] === 'yes';
  const hasOther = identityFiles.length > 0 || agent !== undefined || password !== undefined;
  return hasGssapi && (!hasOther || methods[0]?.startsWith('gssapi')) ? 'GSSAPI' : undefined;
}
