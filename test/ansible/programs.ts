import { execa } from 'execa';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The installed Ansible's programs, run one after the other within a single process. */
export class AnsiblePrograms {
  readonly #process = execa('/usr/bin/python3', [join(import.meta.dirname, 'many.py')], { buffer: false });
  readonly #answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();

  async run(program: string, args: readonly string[]): Promise<Answer> {
    this.#process.stdin.write(`${JSON.stringify({ program, args })}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error(`no answer from ${program} ${args.join(' ')}`);
    return JSON.parse(answer.value) as Answer;
  }

  async end(): Promise<void> {
    this.#process.stdin.end();
    await this.#process;
  }
}
