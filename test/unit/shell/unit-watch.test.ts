import { describe, expect, it } from 'vitest';
import { UnitWatch } from '../../../src/shell/unit-watch.ts';

const output = (state: readonly string[], ...lines: readonly string[]) => [...state, ...lines, ''].join('\n');
const active = ['active', '0', 'success'];

describe('a unit that is waited for', () => {
  it('tells each text once, whenever it was logged', () => {
    const watch = new UnitWatch({ unit: 'patroni', logs: '/data/log' });
    const first = watch.look(
      output(
        active,
        '2026-11-29 00:32:41,876 INFO: bootstrap in progress',
        'pg_basebackup: error: no',
        '-- cursor: s=1',
      ),
    );
    expect(first).toEqual({ lines: ['INFO: bootstrap in progress', 'pg_basebackup: error: no'] });
    expect(watch.script).toContain('--after-cursor=s=1');
    expect(
      watch.look(
        output(
          active,
          '2026-11-29 00:32:51,880 INFO: bootstrap in progress',
          '-- cursor: s=2',
          '2026-11-29 00:32:52.123 UTC [77] FATAL:  the database system is starting up',
        ),
      ),
    ).toEqual({ lines: ['FATAL:  the database system is starting up'] });
  });

  it('has ended once systemd has given it up, and says why', () => {
    const watch = new UnitWatch({ unit: 'patroni' });
    expect(
      watch.look(
        output(
          ['failed', '5', 'exit-code'],
          'Traceback (most recent call last):',
          "ModuleNotFoundError: No module named 'etcd'",
          "patroni.service: Failed with result 'exit-code'.",
        ),
      ).ended,
    ).toBe("patroni has failed for good (exit-code); it said: ModuleNotFoundError: No module named 'etcd'");
  });

  it('names the lines that tell of an error, not what comes after them', () => {
    const watch = new UnitWatch({ unit: 'patroni' });
    watch.look(output(active, 'initdb: error: invalid locale name "xx"', 'removing the directory'));
    expect(watch.look(output(['activating', '3', 'exit-code'], 'starting again')).ended).toBe(
      'patroni has ended by itself 3 times (activating); it said: initdb: error: invalid locale name "xx"',
    );
  });

  it('goes on while it is started again once or twice', () => {
    const watch = new UnitWatch({ unit: 'patroni' });
    expect(watch.look(output(['activating', '2', 'exit-code'])).ended).toBeUndefined();
  });
});
