import * as z from 'zod';
import { EventLine } from '../../src/engine/events.ts';

/** JSON Schema of one line of `--json`, for programs that read it. Fields may be added: it forbids none. */
export function eventsSchema(): string {
  const schema = z.toJSONSchema(EventLine, { io: 'input' });
  return `${JSON.stringify({ title: 'A line of drover --json', ...schema }, null, 2)}\n`;
}
