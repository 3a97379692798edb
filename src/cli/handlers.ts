import type { ExitCode } from '../core/errors.ts';
import type { OperationAction } from './run-operation.ts';
import type { PlayAction } from './run-play.ts';

type Action = (...args: never[]) => Promise<ExitCode>;

/** What a verb calls with its arguments and options, as commander passes them. Its code is loaded at that moment. */
export interface Handlers {
  readonly act: <A extends Action>(load: () => Promise<A>) => (...args: Parameters<A>) => Promise<void>;
  /** Plays the playbook given as an argument, or else one of drover's. */
  readonly play: (
    verb: string,
    load: () => Promise<PlayAction>,
    playbook?: string,
  ) => (...args: unknown[]) => Promise<void>;
  /** Operates a running cluster. */
  readonly operate: (load: () => Promise<OperationAction>) => (...args: unknown[]) => Promise<void>;
}

export function handlersFor(run: (action: () => Promise<ExitCode>) => Promise<void>): Handlers {
  const act: Handlers['act'] =
    (load) =>
    (...args) =>
      run(async () => (await load())(...args));
  return {
    act,
    play: (verb, load, playbook) =>
      act(async () => (await import('./run-play.ts')).playing(verb, await load(), playbook)),
    operate: (load) => act(async () => (await import('./run-operation.ts')).operating(await load())),
  };
}
