import { quote } from './quote.ts';

/** A unit that is waited for, and the folder where its program writes logs of its own, if there is one. */
export interface WatchedUnit {
  readonly unit: string;
  readonly logs?: string;
}

/** What a look at a unit has found. */
export interface UnitLook {
  /** What was logged since the last look, each text once. */
  readonly lines: readonly string[];
  /** Set once the unit has ended for good. */
  readonly ended?: string;
}

/** Starts in a row after which a unit that ends by itself is given up: systemd itself only counts those within 10 s. */
const mostRestarts = 3;

const cursorMark = '-- cursor: ';

/** Follows a unit's state and log lines, look by look. */
export class UnitWatch {
  readonly #watched: WatchedUnit;
  readonly #told = new Set<string>();
  readonly #lines: string[] = [];
  #cursor: string | undefined;

  constructor(watched: WatchedUnit) {
    this.#watched = watched;
  }

  get unit(): string {
    return this.#watched.unit;
  }

  /** Prints the unit's state in three lines, what it logged since the last look, and its program's own last line. */
  get script(): string {
    const { unit, logs } = this.#watched;
    const since = this.#cursor === undefined ? '' : ` --after-cursor=${quote(this.#cursor)}`;
    const own =
      logs === undefined
        ? []
        : [`f=$(ls -t ${quote(logs)}/*.log 2>/dev/null | head -n 1); [ -z "$f" ] || tail -n 1 -- "$f"`];
    return [
      `for p in ActiveState NRestarts Result; do systemctl show -p $p --value -- ${quote(unit)}; done`,
      `journalctl -u ${quote(unit)} -n 20 --no-pager -q -o cat --show-cursor${since}`,
      ...own,
      ':',
    ].join('\n');
  }

  /** Reads what the script has printed. */
  look(output: string): UnitLook {
    const [active = '', restarts = '', result = '', ...said] = output.split('\n');
    const cursor = said.find((line) => line.startsWith(cursorMark));
    if (cursor !== undefined) this.#cursor = cursor.slice(cursorMark.length);
    const lines = said.filter((line) => line !== cursor).flatMap((line) => this.#news(line));
    this.#lines.push(...lines);
    const ended =
      active === 'failed'
        ? `has failed for good (${result})`
        : Number(restarts) >= mostRestarts
          ? `has ended by itself ${restarts} times (${active})`
          : undefined;
    return { lines, ...(ended === undefined ? {} : { ended: this.#explain(ended) }) };
  }

  /** The line, unless the same text was logged before at another time. */
  #news(line: string): string[] {
    const text = line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d+( [A-Z]+ \[\d+\])?:? /, '').trim();
    if (text === '' || this.#told.has(text)) return [];
    this.#told.add(text);
    return [text];
  }

  /** With the lines that say why, or else the last ones. What systemd itself says of the unit tells nothing more. */
  #explain(ended: string): string {
    const own = this.#lines.filter((line) => !line.startsWith(`${this.#watched.unit}.service: `));
    const telling = own.filter((line) => /\b(error|fatal|panic|exception|no module)\b/i.test(line));
    const shown = (telling.length > 0 ? telling : own).slice(-4);
    return `${this.#watched.unit} ${ended}; it said: ${shown.join('; ') || 'nothing'}`;
  }
}
