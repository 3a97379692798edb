import * as z from 'zod';
import { jsonOf } from '../../clients/http.ts';
import { lastLines } from '../../core/text.ts';
import { needHttp } from '../../facts/api.ts';
import { needUnit } from '../../facts/unit.ts';
import { changeFields, inSync, silent } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { unit as unitParam } from '../params.ts';

const Params = z.strictObject({
  url: z
    .url({
      protocol: /^http$/,
      error: 'must be an http URL; the connection to the host is encrypted by SSH',
    })
    .describe('Where to ask, as the host sees it.'),
  method: z.enum(['GET', 'HEAD', 'OPTIONS']).default('GET').describe('How to ask.'),
  status_code: z
    .preprocess((value): unknown[] => (Array.isArray(value) ? value : [value]), z.array(z.int()))
    .default([200])
    .describe('Status, or a list of them, that is accepted.'),
  url_username: z.string().optional().describe('User for basic authentication.'),
  url_password: z.string().optional().describe('That user’s password.'),
  unit: unitParam
    .optional()
    .describe('systemd unit that is to answer: once it has failed, nobody waits for it any longer.'),
});

const requestOf = ({ url, method, url_username: user, url_password: password }: z.infer<typeof Params>) => {
  const { hostname, port, pathname, search } = new URL(url);
  return {
    address: hostname,
    port: Number(port || 80),
    method,
    path: `${pathname}${search}`,
    ...(user === undefined ? {} : { user, password: password ?? '' }),
  };
};

export const uri = defineModule({
  name: 'uri',
  docs: {
    summary:
      'Asks an HTTP server that the host can reach, through the SSH connection; nothing is needed on the host.',
    differences: [
      'It only reads: GET, HEAD, OPTIONS, and http. NAME.status, NAME.content and NAME.json are registered; without an answer the status is -1.',
      'What does not answer is waited for, for up to a minute, unless failed_when takes that for no failure. until is asked of each attempt, and an attempt that failed is followed by the next where it has nothing to say of that.',
    ],
    example: `- uri:
    url: "http://127.0.0.1:2379/health"
  register: health
  until: eq health.json.health "true"
  retries: 30
  delay: 1`,
  },
  params: Params,
  change: z.strictObject({ ...changeFields }),
  readOnly: true,
  needs: (params) => ({
    answer: needHttp(requestOf(params)),
    unit: params.unit === undefined ? [] : [needUnit(params.unit)],
  }),
  diff({ answer, unit: [unit] }, { url, status_code: accepted, unit: name = '' }) {
    const none = { status: -1 };
    if (!answer.answered && unit?.active === 'failed') {
      const said = `${name} has failed (${unit.result}); it said: ${lastLines(unit.said)}`;
      return silent(said, `journalctl -u ${name} shows more`, none);
    }
    if (!answer.answered) return silent(`${url}: ${answer.reason}`, undefined, none);
    const json = jsonOf(answer);
    const result = { status: answer.status, content: answer.body, ...(json === undefined ? {} : { json }) };
    if (accepted.includes(answer.status)) return inSync(result);
    const said = answer.body.trim().slice(0, 200);
    const reason = `${url} answered ${answer.status}, not ${accepted.join(' or ')}${said && `: ${said}`}`;
    const isFinal = answer.status < 500 && answer.status !== 429;
    return silent(reason, isFinal ? 'look at what is asked, and as whom; it is up' : undefined, result);
  },
  apply: () => [],
  writes: () => [],
  aim: ({ url }) => `${url} answers`,
});
