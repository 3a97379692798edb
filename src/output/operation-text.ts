import { showSeconds } from '../core/duration.ts';
import type { RunEvent } from '../engine/events.ts';
import type { Paint } from './style.ts';

type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

/** The plan of an operation as text. */
export function formatOperation(event: EventOf<'operation'>, paint: Paint): string {
  const { verb, cluster, steps, outage, settings = [], notes } = event;
  return [
    paint('bold', `${verb} of ${cluster}`),
    ...settings.map(
      ({ key, before, after }) =>
        `  ${key}: ${paint('red', before ?? '(not set)')} -> ${paint('green', after ?? '(not set)')}`,
    ),
    ...steps.map(
      ({ what, disrupts }, index) =>
        `  ${index + 1}. ${what}${disrupts === undefined ? '' : paint('yellow', `  (interrupts ${disrupts})`)}`,
    ),
    ...(steps.length === 0 ? ['  nothing to do'] : []),
    ...(outage
      ? [`  expected write outage: ${showSeconds(outage.usual)}, at most ${showSeconds(outage.most)}`]
      : []),
    ...notes.map((note) => `  note: ${note}`),
  ].join('\n');
}

/** How a step ended; empty while it runs. */
export function formatStep({ step, state, seconds = 0 }: EventOf<'step'>, paint: Paint): string | undefined {
  if (state === 'done')
    return `  ${paint('green', 'done')}     ${step} ${paint('dim', `(${showSeconds(seconds)})`)}`;
  if (state === 'failed')
    return `  ${paint('red', 'failed')}   ${step} ${paint('dim', `(${showSeconds(seconds)})`)}`;
  return undefined;
}

/** What became of the writes during an operation. */
export function formatWrites(event: EventOf<'writes'>, paint: Paint): string {
  const { through, acknowledged, refused, gap, lost, problem } = event;
  if (acknowledged === 0)
    return `  ${paint('yellow', 'writes')}   none was taken through ${through}: ${problem ?? ''}`;
  const kept =
    problem ??
    (lost === 0 ? 'every acknowledged row is there' : paint('red', `${lost} acknowledged rows are gone`));
  const counts = `${acknowledged} acknowledged, ${refused} refused`;
  return `  ${paint('bold', 'writes')}   longest gap ${gap.toFixed(2)} s through ${through} (${counts}); ${kept}`;
}
