import { showSeconds } from '../core/duration.ts';
import type { RunEvent } from '../engine/events.ts';
import { diffLines } from '../plan/diff-lines.ts';
import { formatOperation, formatStep, formatWrites } from './operation-text.ts';
import { describeChange, formatPlan, summarise, type PlanEvent } from './plan-text.ts';
import { formatProbes, type ProbeEvent } from './verify-text.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';
import { listHosts, manyHosts } from './hosts-text.ts';
import { formatRecap } from './recap-text.ts';
import { painter, type Paint } from './style.ts';

/** Plain lines, for files and pipes, and for what is printed around the live lines. */
export function textReporter(options: ReporterOptions): Reporter {
  const text = new RunText(options);
  return {
    event: (event) => text.event(event),
    finish: () => {
      text.end();
      return Promise.resolve();
    },
  };
}

/** Turns events into lines. */
export class RunText {
  readonly #options: ReporterOptions;
  readonly #paint: Paint;
  readonly #plan: PlanEvent[] = [];
  readonly #probes: ProbeEvent[] = [];
  #planShown = false;
  /** Stays false in an operation, which has nothing to count. */
  #hasTasks = false;
  #connected = 0;
  /** Heading of the current play, until it has something to show. */
  #heading: string | undefined;
  /** Lines that are the same on several hosts are printed once: the hosts of each line, by the text around them. */
  readonly #messages = new Map<string, { label: string; text: string; hosts: string[] }>();
  /** The current play has many hosts: their lines are collected until it ends. */
  #isCrowded = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#paint = painter(options.colour);
  }

  event(event: RunEvent): void {
    if (event.type === 'plan' || event.type === 'task') this.#hasTasks = true;
    if (event.type === 'task' && this.#gather(event)) return;
    if (this.#isDue(event)) this.#tellSaid();
    switch (event.type) {
      case 'host':
        if (event.state === 'connected') this.#connected++;
        if (event.state === 'unreachable')
          this.#problem(event.message ?? `${event.host} is unreachable`, event.hint);
        return;
      case 'plan':
        this.#plan.push(event);
        return;
      case 'play':
        this.showPlan();
        this.#isCrowded = event.hosts.length > manyHosts && this.#options.verbosity === 0;
        this.#heading = `\n${this.#paint('bold', event.play)}  ${this.#paint('dim', listHosts(event.hosts))}`;
        return;
      case 'change':
        this.#say(
          `${this.#paint('yellow', 'changed')} `,
          event.host,
          `${event.task}${event.item === undefined ? '' : ` [${event.item}]`}: ${describeChange(event.change)}`,
        );
        if (!this.#isCrowded) this.#tellSaid();
        return;
      case 'restore':
        this.line(
          `  ${this.#paint('yellow', 'restored')} ${event.host}: ${event.task}: ${event.change.resource} is as it was before`,
        );
        for (const line of diffLines(event.change)) this.line(`           ${line}`);
        return;
      case 'task':
        this.#task(event);
        return;
      case 'warning':
        this.line(
          `${this.#paint('yellow', 'warning')}  ${event.message}${event.hint === undefined ? '' : `\n         ${event.hint}`}`,
        );
        return;
      case 'trip':
        if (this.#options.verbosity > 1) this.line(`  ${this.#paint('dim', describeTrip(event))}`);
        return;
      case 'wait':
        if (this.#options.verbosity > 1)
          this.line(
            `  ${this.#paint('dim', `wait     ${event.host}: ${showSeconds(event.seconds)}: ${event.what}`)}`,
          );
        return;
      case 'api':
        if (this.#options.verbosity > 0)
          this.line(`  ${this.#paint('dim', `${event.host}: ${event.what}: ${event.state}`)}`);
        return;
      case 'log':
        this.line(`  ${this.#paint('dim', `log      ${event.host}: ${event.unit}: ${event.line}`)}`);
        return;
      case 'recap':
        this.showPlan();
        this.#showProbes();
        if (this.#hasTasks) this.line(`\n${formatRecap(event.hosts, this.#paint)}`);
        return;
      case 'operation':
        this.line(formatOperation(event, this.#paint));
        return;
      case 'step': {
        const text = formatStep(event, this.#paint);
        if (text !== undefined) this.line(text);
        else if (this.#options.verbosity > 0)
          this.line(`  ${this.#paint('dim', `${event.step}: ${event.detail ?? 'begun'}`)}`);
        return;
      }
      case 'writes':
        this.line(formatWrites(event, this.#paint));
        return;
      case 'probe':
        this.#probes.push(event);
        return;
      case 'phase':
        if (event.phase === 'verify') this.showPlan();
        if (event.phase === 'collect' && this.#connected > manyHosts)
          this.line(`connected ${this.#connected} hosts`);
        return;
      case 'run':
        // An operation may be followed by a run of a playbook.
        this.#plan.length = 0;
        this.#planShown = false;
        this.#hasTasks = false;
        return;
      case 'start':
        return;
    }
  }

  /** Prints the plan, once it is complete. */
  showPlan(): void {
    if (this.#planShown || this.#plan.length === 0) return;
    this.#planShown = true;
    const plan = formatPlan(this.#plan, this.#paint, this.#options.diff);
    if (plan !== '') this.line(plan.replace(/^\n/, ''));
    this.line(`\n${this.#paint('bold', `Plan: ${summarise(this.#plan)}`)}`);
  }

  /** Prints what is still held back. */
  end(): void {
    this.#tellSaid();
    this.showPlan();
    this.#showProbes();
  }

  #showProbes(): void {
    this.#heading = undefined;
    if (this.#probes.length > 0)
      this.line(`\n${formatProbes(this.#probes, this.#paint, this.#options.verbosity > 0)}`);
    this.#probes.length = 0;
  }

  line(text: string): void {
    const heading = this.#heading === undefined ? '' : `${this.#heading}\n`;
    this.#heading = undefined;
    this.#options.write(`${heading}${text}\n`);
  }

  /** Collects a task's message, to be printed once with all hosts that have the same. */
  #gather({ status, host, message }: Extract<RunEvent, { type: 'task' }>): boolean {
    if (message === undefined || (status !== 'ok' && status !== 'changed')) return false;
    this.#say('note    ', host, message);
    return true;
  }

  /** Whether to print what is held back before an event. */
  #isDue({ type, ...event }: RunEvent): boolean {
    if (this.#isCrowded) return type === 'play' || type === 'phase' || type === 'recap';
    return type !== 'task' || this.#options.verbosity > 0 || ('status' in event && event.status === 'failed');
  }

  #say(label: string, host: string, text: string): void {
    const key = `${label}${text}`;
    const known = this.#messages.get(key);
    if (known) known.hosts.push(host);
    else this.#messages.set(key, { label, text, hosts: [host] });
  }

  #tellSaid(): void {
    const said = [...this.#messages.values()];
    this.#messages.clear();
    for (const { label, hosts, text } of said) this.line(`  ${label} ${listHosts(hosts)}: ${text}`);
  }

  #task({ status, host, task, message, hint }: Extract<RunEvent, { type: 'task' }>): void {
    if (status === 'failed') this.#problem(`${host}: ${task}: ${message ?? 'failed'}`, hint, 'failed ');
    else if (status === 'ignored' || status === 'rescued')
      this.line(`  ${status}  ${host}: ${task}: ${message ?? 'failed'}`);
    else if (this.#options.verbosity > 0 && status !== 'changed')
      this.line(`  ${this.#paint('dim', `${status.padEnd(7)}  ${host}: ${task}`)}`);
  }

  #problem(message: string, hint: string | undefined, label = 'error  '): void {
    this.line(
      `  ${this.#paint('red', label)}  ${message}${hint === undefined ? '' : `\n           ${hint}`}`,
    );
  }
}

/** What was sent to a host in one script, and how it ended. */
function describeTrip({ host, seconds, tasks, ended }: Extract<RunEvent, { type: 'trip' }>): string {
  const what = tasks.length === 0 ? 'looked' : tasks.join(', ');
  const why = ended === undefined ? '' : `; sent off because ${ended}`;
  return `trip     ${host}: ${showSeconds(seconds)}: ${what}${why}`;
}
