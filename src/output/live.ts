import {
  Listr,
  ListrLogger,
  ProcessOutput,
  type DefaultRenderer,
  type ListrTaskWrapper,
  type SimpleRenderer,
} from 'listr2';
import type { RunEvent } from '../engine/events.ts';
import { listHosts, manyHosts } from './hosts-text.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';
import { clip } from './style.ts';
import { RunText } from './text.ts';
import { visibleInColour, visibleLine } from './visible.ts';

type Wrapper = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;

/** One line for each host that is at work, redrawn in place until the play ends. */
class LiveLines {
  readonly #wrappers = new Map<string, Wrapper>();
  readonly #titles = new Map<string, string>();
  /** Ends all lines, also those not begun yet. */
  #finish: () => void = () => undefined;
  readonly #running: Promise<unknown>;
  readonly #width: number;
  /** Title of the one line for all hosts, if they are too many for a line each. */
  readonly #crowd: string | undefined;
  /** What each of those hosts is doing. */
  readonly #states = new Map<string, string>();

  constructor(hosts: readonly string[], stream: NodeJS.WriteStream) {
    this.#crowd = hosts.length > manyHosts ? listHosts(hosts) : undefined;
    const names = this.#crowd === undefined ? hosts : [this.#crowd];
    this.#width = stream.columns - 4;
    // By default listr2 prints to stdout, which is for data.
    const logger = new ListrLogger({ processOutput: new ProcessOutput(stream, stream) });
    const over = new Promise<void>((resolve) => (this.#finish = resolve));
    const tasks = names.map((name) => ({
      title: visibleLine(name),
      task: (_context: unknown, wrapper: Wrapper) => {
        this.#wrappers.set(name, wrapper);
        wrapper.title = this.#titles.get(name) ?? visibleLine(name);
        return over;
      },
    }));
    const options = {
      concurrent: true,
      exitOnError: false,
      rendererOptions: { logger, clearOutput: true, lazy: false },
    };
    this.#running = new Listr(tasks, options).run();
  }

  show(name: string, text: string): void {
    const of = this.#crowd;
    if (of) this.#put(of, countBy(this.#states.set(name, text)));
    else this.#put(name, text);
  }

  #put(name: string, text: string): void {
    const title = clip(visibleLine(`${name}  ${text}`), this.#width);
    this.#titles.set(name, title);
    const wrapper = this.#wrappers.get(name);
    if (wrapper) wrapper.title = title;
  }

  /** Resolves when the lines have been removed from the screen. */
  async end(): Promise<void> {
    this.#finish();
    await this.#running;
  }
}

/** "12 changed: packages, 3 packages": how many hosts are in which state, the most common first. */
function countBy(states: ReadonlyMap<string, string>): string {
  const counts = new Map<string, number>();
  for (const state of states.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([state, count]) => `${count} ${state}`).join(', ');
}

/** Progress redrawn in place; lasting output is printed as plain lines once its phase is over. */
export function liveReporter(options: Omit<ReporterOptions, 'write'>, stream: NodeJS.WriteStream): Reporter {
  let kept = '';
  let live: LiveLines | undefined;
  const text = new RunText({ ...options, write: (line) => (kept += line) });
  const queue: RunEvent[] = [];
  let pumping: Promise<void> = Promise.resolve();
  let idle = true;
  let connected = 0;

  const settle = async (): Promise<void> => {
    await live?.end();
    live = undefined;
    stream.write(visibleInColour(kept));
    kept = '';
  };
  const handle = async (event: RunEvent): Promise<void> => {
    switch (event.type) {
      case 'phase': {
        await settle();
        text.event(event);
        const names = {
          connect: 'connecting',
          collect: 'looking at the hosts',
          plan: undefined,
          apply: undefined,
          verify: 'verifying',
        };
        const name = names[event.phase];
        if (name !== undefined) live = new LiveLines([name], stream);
        return;
      }
      case 'host':
        text.event(event);
        if (event.state === 'connected') live?.show('connecting', `${++connected} connected`);
        return;
      case 'play':
        text.event(event);
        await settle();
        live = new LiveLines(event.hosts, stream);
        return;
      case 'operation':
        text.event(event);
        await settle();
        return;
      case 'step':
        text.event(event);
        if (event.state === 'waiting') live?.show(event.step, event.detail ?? '');
        else await settle();
        if (event.state === 'begun') live = new LiveLines([event.step], stream);
        return;
      case 'start':
        live?.show(event.host, event.task);
        return;
      case 'api':
        live?.show(event.host, `${event.what}: ${event.state}`);
        text.event(event);
        return;
      case 'task':
        live?.show(event.host, `${event.status}: ${event.task}`);
        text.event(event);
        return;
      case 'recap':
        text.event(event);
        await settle();
        return;
      default:
        text.event(event);
    }
  };
  const pump = async (): Promise<void> => {
    idle = false;
    for (let event = queue.shift(); event; event = queue.shift()) await handle(event);
    idle = true;
  };
  return {
    event(event) {
      queue.push(event);
      if (idle) pumping = pump();
    },
    async finish() {
      await pumping;
      text.end();
      await settle();
    },
  };
}
