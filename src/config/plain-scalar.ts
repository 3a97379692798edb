import type { ScalarNode } from '../core/node.ts';

const booleans = new Map(
  ['yes', 'true', 'on', 'no', 'false', 'off'].flatMap((word, index) =>
    [word, word.toUpperCase(), word.slice(0, 1).toUpperCase() + word.slice(1)].map((form) => [
      form,
      index < 3,
    ]),
  ),
);
const integer = /^[-+]?(0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$/;
const sexagesimal = /^[-+]?([1-9][0-9_]*(:[0-5]?[0-9])+|[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*)$/;
const float = /^([-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)([eE][-+][0-9]+)?$/;
const infinity = /^[-+]?\.(inf|Inf|INF)$/;

const timestamp =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|[-+]\d\d?(?::\d\d)?))?$/;

/** PyYAML's implicit resolvers (yaml/resolver.py). A date stays text, a time becomes it, as in Ansible's output. */
export function resolvePlain(text: string): ScalarNode['value'] {
  if (text === '' || text === '~' || /^(null|Null|NULL)$/.test(text)) return null;
  const boolean = booleans.get(text);
  if (boolean !== undefined) return boolean;
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '');
  const sign = text.startsWith('-') ? -1 : 1;
  if (integer.test(text)) return safeInteger(sign * parseInteger(digits), text);
  if (sexagesimal.test(text)) {
    return sign * digits.split(':').reduce((total, part) => total * 60 + Number(part), 0);
  }
  if (float.test(text)) return sign * Number(digits);
  if (infinity.test(text)) return sign * Infinity;
  if (/^\.(nan|NaN|NAN)$/.test(text)) return NaN;
  const time = timestamp.exec(text);
  return time ? isoTime(time) : text;
}

function isoTime(parts: RegExpExecArray): string {
  const [year, month, day, hour, minute, second, fraction, zone = ''] = parts.slice(1);
  const two = (part = '00') => part.padStart(2, '0');
  const micros = Number((fraction ?? '').slice(0, 6).padEnd(6, '0'));
  const [, sign = '', hours, minutes] = /^([-+])(\d+)(?::(\d+))?$/.exec(zone) ?? [];
  const offset = zone === '' ? '' : `${sign || '+'}${two(hours)}:${two(minutes)}`.replace('-00:00', '+00:00');
  return (
    `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}` +
    `${micros === 0 ? '' : `.${String(micros).padStart(6, '0')}`}${offset}`
  );
}

function parseInteger(digits: string): number {
  if (/^0[bx]/.test(digits)) return Number(digits);
  return digits.length > 1 && digits.startsWith('0') ? parseInt(digits, 8) : Number(digits);
}

// Account numbers and the like would lose digits as a double.
function safeInteger(value: number, text: string): number | string {
  return Number.isSafeInteger(value) ? value : text;
}
