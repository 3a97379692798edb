import { expect, test } from 'vitest';
import type { HttpAnswer } from '../../../../src/clients/http.ts';
import {
  meaningOfHandover,
  meaningOfRestart,
  type Meaning,
} from '../../../../src/clients/patroni/answers.ts';

const said = (status: number, body: string): HttpAnswer => ({ answered: true, status, body });
const silence = (reason: string): HttpAnswer => ({ answered: false, reason });

// patroni/api.py, do_POST_restart; patroni/ha.py, restart.
test.each<[HttpAnswer, Meaning]>([
  [said(200, 'restarted successfully'), { kind: 'done', said: '200: restarted successfully' }],
  [
    said(503, 'restart conditions are not satisfied'),
    { kind: 'unnecessary', said: '503: restart conditions are not satisfied' },
  ],
  [said(503, 'postgres is still starting'), { kind: 'unclear', said: '503: postgres is still starting' }],
  [said(503, 'reload already in progress'), { kind: 'unclear', said: '503: reload already in progress' }],
  [said(503, 'restart failed'), { kind: 'failed', said: '503: restart failed' }],
  [said(400, 'restart failed'), { kind: 'refused', said: '400: restart failed' }],
  [said(401, 'no auth header received'), { kind: 'refused', said: '401: no auth header received' }],
  [silence('connection refused'), { kind: 'refused', said: 'connection refused' }],
  [
    silence('Channel open failure: Connection refused'),
    {
      kind: 'refused',
      said: 'Channel open failure: Connection refused',
    },
  ],
  [silence('no answer within 60 s'), { kind: 'unclear', said: 'no answer within 60 s' }],
])('an order to restart answered with %j means %j', (answer, meaning) => {
  expect(meaningOfRestart(answer)).toEqual(meaning);
});

// patroni/api.py, do_POST_failover and poll_failover_result.
test.each<[HttpAnswer, Meaning['kind']]>([
  [said(200, 'Successfully switched over to "n2"'), 'done'],
  [said(200, 'Switched over to "n3" instead of "n2"'), 'done'],
  [said(202, 'Switchover scheduled'), 'unclear'],
  [said(503, 'Switchover failed'), 'failed'],
  [said(503, 'Failover failed'), 'failed'],
  [said(503, 'Switchover status unknown'), 'unclear'],
  [said(503, 'Switchover status unknown after 20 seconds; operation may still be in progress'), 'unclear'],
  [said(503, 'failed to write failover key into DCS'), 'failed'],
  [said(412, 'candidate name does not match with sync_standby'), 'refused'],
  [silence('socket hang up'), 'unclear'],
  [silence('connection refused'), 'refused'],
])('an order to hand over answered with %j means %s', (answer, kind) => {
  expect(meaningOfHandover(answer).kind).toBe(kind);
});
