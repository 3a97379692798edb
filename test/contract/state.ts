import * as z from 'zod';
import { Problems, readYaml } from '../../src/config/files.ts';
import { formatDiagnostic } from '../../src/core/diagnostics.ts';
import { toData } from '../../src/core/node.ts';

const State = z.strictObject({
  it: z.string(),
  /** Shell script that brings the host into the state the task is to meet. */
  given: z.string().default(''),
  params: z.record(z.string(), z.unknown()),
  /** Values of secrets: `{{NAME}}` stands for one in the parameters. */
  secrets: z.record(z.string(), z.string()).default({}),
  /** The changes expected, as `action resource`. */
  plan: z.array(z.string()).min(1),
  /** Every path that differs afterwards, and no other; below one that ends with a slash, anything may. */
  touches: z.array(z.string()).default([]),
  /** What somebody else does between plan and apply; the host then refuses the change. */
  meanwhile: z.string().optional(),
  /** Shell script that fails unless the host is as it should be: what facts do not show. */
  proof: z.string().optional(),
});
export type State = z.infer<typeof State>;

const StateFile = z.strictObject({
  /** What every state begins with. */
  given: z.string().default(''),
  states: z.array(State).min(1),
});

/** The states that a module is to meet. */
export function loadStates(path: string): State[] {
  const problems = new Problems();
  const root = readYaml(path, problems);
  if (!root) throw new Error(problems.list.map(formatDiagnostic).join('\n') || `${path} is empty`);
  const { given, states } = StateFile.parse(toData(root), { reportInput: true });
  return states.map((state) => ({ ...state, given: `${given}\n${state.given}` }));
}
