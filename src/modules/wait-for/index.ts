import * as z from 'zod';
import { factsOfPath } from '../../facts/content.ts';
import { needPath } from '../../facts/path.ts';
import { needScript } from '../../facts/script.ts';
import { changed, changeFields, inSync, outdate, predict } from '../../plan/change.ts';
import { run } from '../../plan/operation.ts';
import { quote } from '../../shell/quote.ts';
import { defineModule } from '../define-module.ts';
import { absolutePath } from '../params.ts';

const Params = z
  .strictObject({
    host: z.string().default('127.0.0.1').describe('Address of the port, as the host sees it.'),
    port: z.int().min(1).max(65535).optional().describe('Port that is to take connections.'),
    path: absolutePath.optional().describe('Path that is to be there, instead of a port.'),
    state: z
      .enum(['started', 'present', 'stopped', 'absent'])
      .default('started')
      .describe(
        '`started` and `present`: it answers or is there; `stopped` and `absent`: it does not or is not.',
      ),
    timeout: z.number().positive().default(300).describe('Seconds to wait at most.'),
  })
  .refine((params) => (params.port === undefined) !== (params.path === undefined), {
    message: 'say what to wait for: port or path',
    path: ['port'],
  });
type Params = z.infer<typeof Params>;

/** Shell condition: the port takes connections. perl-base is Essential and has sockets. */
const portAnswers = (host: string, port: number): string =>
  `perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => 2)' ${quote(host)} ${port}`;

const isThere = ({ host, port, path }: Params): string =>
  port === undefined ? `[ -e ${quote(path ?? '')} ]` : portAnswers(host, port);

const wanted = ({ state }: Params): boolean => state === 'started' || state === 'present';

const shown = ({ host, port, path }: Params): string => path ?? `${host}:${port ?? ''}`;

export const waitFor = defineModule({
  name: 'wait_for',
  docs: {
    summary: 'Waits until a port answers or a path is there, or no longer.',
    differences: [
      'No `delay`, `search_regex` and `drained`. What is already so is in sync; waiting counts as a change.',
    ],
    example: `- wait_for:
    port: 2379
    timeout: 60`,
  },
  params: Params,
  change: z.strictObject({ ...changeFields, condition: z.string(), timeout: z.number() }),
  needs: (params) => ({
    path: params.path === undefined ? [] : [needPath(params.path)],
    port: params.port === undefined ? [] : [needScript(portAnswers(params.host, params.port))],
  }),
  diff({ path, port }, params) {
    const there = params.path === undefined ? port[0]?.status === 0 : path[0] !== undefined;
    if (there === wanted(params)) return inSync();
    const condition = wanted(params) ? isThere(params) : `! ${isThere(params)}`;
    const detail = `wait until ${params.state}, ${params.timeout} s at most`;
    return changed({ action: 'run', resource: shown(params), detail, condition, timeout: params.timeout });
  },
  apply: ({ condition, timeout, resource }) => [
    run(
      `end=$(($(date +%s) + ${Math.ceil(timeout)}))
until ${condition}; do
[ "$(date +%s)" -lt "$end" ] || { echo ${quote(`${resource}: not so within ${timeout} s`)} >&2; exit 1; }
sleep 0.2
done`,
      { timeout: timeout + 10 },
    ),
  ],
  writes({ resource, condition }) {
    if (resource.startsWith('/')) return factsOfPath(resource).map(outdate);
    const isAbsent = condition.startsWith('! ');
    const answers = needScript(isAbsent ? condition.slice(2) : condition);
    return [predict(answers, [['', isAbsent ? '1' : '0', '']])];
  },
  aim: (params) => `${shown(params)} ${params.state}`,
});
