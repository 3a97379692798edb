import { Document, visit } from 'yaml';
import { resolvePlain } from './plain-scalar.ts';

/** Data as YAML that reads back the same, in Ansible too. */
export function stringifyYaml(data: unknown): string {
  // As in reading, every scalar is text to the library, and PyYAML's rules say which need quotes.
  const document = new Document(data, { schema: 'failsafe', version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string') {
        if (isTakenForOther(node.value)) node.type = 'QUOTE_DOUBLE';
      } else node.value = plainText(node.value);
    },
  });
  return document.toString({ lineWidth: 0 });
}

function isTakenForOther(text: string): boolean {
  return resolvePlain(text) !== text || /^(<<|=|\d{4}-\d.*)$/.test(text);
}

function plainText(value: unknown): string {
  if (value === Infinity || value === -Infinity) return value > 0 ? '.inf' : '-.inf';
  if (typeof value !== 'number') return String(value);
  if (Number.isNaN(value)) return '.nan';
  const [digits = '', exponent] = String(value).split('e');
  // Without a point PyYAML takes 1e+21 for text, and an integer that large is text here.
  const isFloat = exponent !== undefined || (Number.isInteger(value) && !Number.isSafeInteger(value));
  const mantissa = isFloat && !digits.includes('.') ? `${digits}.0` : digits;
  return exponent === undefined ? mantissa : `${mantissa}e${exponent}`;
}
