import { InvalidArgumentError } from 'commander';
import { UsageError } from '../core/errors.ts';

/** Of an option that may be repeated. */
export function collect(value: string, former: readonly string[]): string[] {
  return [...former, value];
}

/** Words separated by commas, of an option that may be repeated. */
export function collectWords(value: string, former: readonly string[] = []): string[] {
  return [...former, ...value.split(',').filter((word) => word !== '')];
}

/** Counts how often an option is given. */
export function countUp(_value: string, former: number): number {
  return former + 1;
}

export function positive(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('must be a number above 0');
  return number;
}

export function notNegative(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) throw new InvalidArgumentError('must be 0 or more');
  return number;
}

/** Parses a time in the future. It must have a zone, or it would mean another time on another machine. */
export function futureTime(text: string): Date {
  const hint = 'for example --at 2030-01-31T22:30+01:00';
  const zoned = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;
  const time = new Date(text);
  if (!zoned.test(text) || Number.isNaN(time.getTime()))
    throw new UsageError(`"${text}" is no date, time and zone in ISO 8601`, { hint });
  if (time.getTime() <= Date.now()) throw new UsageError(`${text} is over`, { hint });
  return time;
}
