import { didYouMean, type Diagnostic } from '../../../core/diagnostics.ts';
import { problemIn, type Given } from '../../check.ts';

/** Long options of initdb of PostgreSQL 12 to 18; whether each takes a value. */
const options: Readonly<Record<string, boolean>> = {
  'allow-group-access': false,
  auth: true,
  'auth-host': true,
  'auth-local': true,
  'builtin-locale': true,
  'data-checksums': false,
  encoding: true,
  'icu-locale': true,
  'icu-rules': true,
  'lc-collate': true,
  'lc-ctype': true,
  'lc-messages': true,
  'lc-monetary': true,
  'lc-numeric': true,
  'lc-time': true,
  locale: true,
  'locale-provider': true,
  'no-data-checksums': false,
  'no-instructions': false,
  'no-locale': false,
  set: true,
  'sync-method': true,
  'text-search-config': true,
  'wal-segsize': true,
  waldir: true,
};

/** Given by Patroni, or refused by it. */
const ofPatroni: Readonly<Record<string, string>> = {
  username: 'it is postgres_superuser_name',
  pwfile: 'the password is postgres_superuser_password',
  pgdata: 'it is postgres_data_dir',
  'no-sync': 'Patroni refuses it',
  nosync: 'Patroni refuses it',
  'sync-only': 'Patroni refuses it',
  version: 'Patroni refuses it',
};

// Patroni hands the options to a shell.
const plain = /^[\w./@:=,+-]+$/;
// Server-side encodings (src/common/encnames.c), compared without punctuation, as PostgreSQL does.
const encodings =
  /^(euc(cn|jp|jis2004|kr|tw)|iso8859(1|2|3|4|5|6|7|8|9|10|13|14|15|16)|koi8[ru]?|latin([1-9]|10)|muleinternal|sqlascii|utf8|unicode|win(866|874|125[0-8])|windows(866|874|125[0-8])|abc|alt|tcvn5712|vscii|tcvn|win)$/;

function valueProblem(option: string, value: string): string | undefined {
  if (!plain.test(value)) return 'takes letters, digits and . / @ : = , + - only';
  if (option === 'encoding' && !encodings.test(value.toLowerCase().replaceAll(/[^a-z0-9]/g, '')))
    return `"${value}" is no encoding of a PostgreSQL server`;
  if (option === 'wal-segsize' && !/^(1|2|4|8|16|32|64|128|256|512|1024)$/.test(value))
    return 'takes a power of 2 from 1 to 1024 (MB)';
  return option === 'waldir' && !value.startsWith('/') ? 'takes an absolute path' : undefined;
}

/** Each option is one that initdb knows, in the form in which Patroni takes it. */
export function checkInitdb(given: Given): Diagnostic[] {
  const value = given.value('postgres_initdb');
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown, index): Diagnostic[] => {
    const problem = (message: string, hint?: string) =>
      problemIn(given, 'postgres_initdb', {
        message: `postgres_initdb: ${message}`,
        path: [index],
        ...(hint === undefined ? {} : { hint }),
      });
    const entries: [string, unknown][] =
      typeof item === 'string'
        ? [[item, undefined]]
        : typeof item === 'object' && item !== null
          ? Object.entries(item)
          : [];
    const [entry] = entries;
    if (!entry || entries.length > 1)
      return [problem('an option is a name, or a map of one name and its value')];
    const [option, argument] = entry;
    const taken = ofPatroni[option];
    if (taken !== undefined) return [problem(`${option} is not set here`, taken)];
    const takes = options[option];
    if (takes === undefined)
      return [problem(`initdb has no option "${option}"`, didYouMean(option, Object.keys(options)).hint)];
    if (takes !== (argument !== undefined))
      return [problem(takes ? `${option} takes a value: { ${option}: … }` : `${option} takes no value`)];
    if (argument === undefined) return [];
    if (typeof argument !== 'string' && typeof argument !== 'number')
      return [problem(`${option} takes a text`)];
    const wrong = valueProblem(option, String(argument));
    return wrong === undefined ? [] : [problem(`${option} ${wrong}`)];
  });
}
