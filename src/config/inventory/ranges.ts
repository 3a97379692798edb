/** A host range that can't be expanded. */
export class RangeError extends Error {}

// Beyond this a typo such as [1:1000000] would fill the memory before it is noticed.
const largestRange = 65_536;

// In this order, as in Ansible, where [a:Z] is all of them.
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Expands the ranges in a host name: `node[1:3]`, `db[01:10:3]`, `rack[a:c]`, several in one name. */
export function expandRanges(name: string): string[] {
  const [whole, head = '', range = '', tail = ''] = /^([^[]*)\[([^\]]*)\](.*)$/s.exec(name) ?? [];
  if (whole === undefined) return [name];
  const tails = expandRanges(tail);
  const middles = expandOne(range);
  const size = middles.length * tails.length;
  if (size > largestRange) throw new RangeError(`the ranges of ${name} are ${size} hosts`);
  return middles.flatMap((middle) => tails.map((rest) => `${head}${middle}${rest}`));
}

function expandOne(range: string): string[] {
  const [begin = '', end = '', stepText = '1', ...more] = range.split(':');
  const step = Number(stepText);
  if (more.length > 0 || end === '' || !Number.isInteger(step) || step < 1) {
    throw new RangeError(`[${range}] is not a range: write [FIRST:LAST] or [FIRST:LAST:STEP]`);
  }
  if (/^[a-z]$/i.test(begin) && /^[a-z]$/i.test(end)) {
    return count(letters.indexOf(begin), letters.indexOf(end), step, range).map((at) => letters.charAt(at));
  }
  const first = begin === '' ? '0' : begin;
  if (!/^\d+$/.test(first) || !/^\d+$/.test(end))
    throw new RangeError(`[${range}] mixes letters and numbers`);
  // A leading zero asks for numbers of that width.
  const width = first.startsWith('0') && first.length > 1 ? first.length : 0;
  if (width > 0 && end.length !== first.length) {
    throw new RangeError(`[${range}]: with leading zeros both ends need the same number of digits`);
  }
  return count(Number(first), Number(end), step, range).map((number) => String(number).padStart(width, '0'));
}

function count(first: number, last: number, step: number, range: string): number[] {
  if (first > last) throw new RangeError(`[${range}] runs backwards`);
  const size = Math.floor((last - first) / step) + 1;
  if (size > largestRange) throw new RangeError(`[${range}] is ${size} hosts`);
  return Array.from({ length: size }, (_, index) => first + index * step);
}
