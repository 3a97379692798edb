import { maskBySound } from '../core/secrets.ts';

/**
 * The command line as typed, for the journal and for whoever waits for the lock. Values of variables may be secret and
 * are left out; other settings are masked if their names suggest a secret.
 */
export function commandLine(args: readonly string[] = process.argv.slice(2)): string {
  return args.reduce((line, arg, index) => {
    const own = /^(-[bkvyCDK]*e|--extra-vars=)(.+)$/s.exec(arg);
    if (own) return `${line} ${own[1] ?? ''}${withoutValues(own[2] ?? '')}`;
    const isValue = /^(-[bkvyCDK]*e|--extra-vars)$/.test(args[index - 1] ?? '');
    return `${line} ${isValue ? withoutValues(arg) : maskBySound(arg)}`;
  }, 'drover');
}

function withoutValues(variables: string): string {
  if (variables.startsWith('@')) return variables;
  const names = [...variables.matchAll(/(?:^|\s)([a-zA-Z_]\w*)=/g)].map(([, name]) => `${name ?? ''}=…`);
  return names.length === 0 ? '…' : names.join(' ');
}
