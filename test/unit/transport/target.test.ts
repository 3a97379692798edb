import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveTarget, SshConfigFile, type ConnectionVariables } from '../../../src/transport/target.ts';
import { folderOf } from '../support.ts';

const targetOf = (variables: ConnectionVariables, config = '') =>
  resolveTarget(
    'a',
    variables,
    { timeout: 1, acceptNewHostKeys: false },
    new SshConfigFile(join(folderOf({ config }), 'config')),
  );

describe('a port', () => {
  test.each(['99999', '0', '-1', '22x', 'ssh', '22.5'])('that is %s is refused', (port) => {
    expect(() => targetOf({ port })).toThrow(`a: the port ${port} is not a number from 1 to 65535`);
  });

  test('is refused wherever it comes from', () => {
    expect(() => targetOf({}, 'Host a\n Port 70000')).toThrow(/a: the port 70000/);
    expect(() => targetOf({}, 'Host a\n ProxyJump b:70000')).toThrow(/b: the port 70000/);
    expect(targetOf({}, 'Host a\n Port 2222').port).toBe(2222);
  });
});

test('hosts that are each other’s ProxyJump are refused, with the way', () => {
  const config = 'Host a\n ProxyJump b\nHost b\n ProxyJump c\nHost c\n ProxyJump b';
  expect(() => targetOf({}, config)).toThrow('ProxyJump goes in a circle: b -> c -> b');
  expect(() => targetOf({}, 'Host *\n ProxyJump b')).toThrow('ProxyJump goes in a circle: b -> b');
  expect(targetOf({}, 'Host a\n ProxyJump b,c').jump?.jump?.name).toBe('b');
});
