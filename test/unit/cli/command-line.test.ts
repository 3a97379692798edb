import { expect, test } from 'vitest';
import { commandLine } from '../../../src/cli/command-line.ts';

test.each<[string[], string]>([
  [['provision', '-i', 'inventory.yml', '-y'], 'drover provision -i inventory.yml -y'],
  [['play', 'x.yml', '-e', 'password=hunter2 user=me'], 'drover play x.yml -e password=… user=…'],
  [['play', 'x.yml', '-epassword=hunter2'], 'drover play x.yml -epassword=…'],
  [['play', 'x.yml', '--extra-vars=password=hunter2'], 'drover play x.yml --extra-vars=password=…'],
  [['play', 'x.yml', '--extra-vars', '{"password": "a=b"}'], 'drover play x.yml --extra-vars …'],
  [['play', 'x.yml', '-e', 'password="two words"'], 'drover play x.yml -e password=…'],
  [['play', 'x.yml', '-ye', 'password=hunter2'], 'drover play x.yml -ye password=…'],
  [['edit-config', '-s', 'a.password=hunter2'], 'drover edit-config -s a.password=«secret»'],
  [['edit-config', '-s', 'ttl=30'], 'drover edit-config -s ttl=30'],
  [['play', 'x.yml', '-e', '@secrets.yml'], 'drover play x.yml -e @secrets.yml'],
])('%j is shown without values of variables', (args, line) => {
  expect(commandLine(args)).toBe(line);
});
