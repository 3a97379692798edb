import { describe, expect, test } from 'vitest';
import { Vault } from '../../../src/core/secrets.ts';
import { renderText } from '../../../src/vars/evaluate.ts';
import { freeNames } from '../../../src/vars/free-names.ts';
import { NotYetKnown, Scope, type Layer, type Variable } from '../../../src/vars/scope.ts';
import { templateOfFile } from '../../../src/vars/template.ts';
import { nodeOf, refusal } from '../support.ts';

/** A layer out of a YAML map. */
function layer(text: string): Layer {
  const root = nodeOf(text);
  if (root.kind !== 'map') throw new Error('not a map');
  return new Map(root.entries.map((entry): [string, Variable] => [entry.key, { node: entry.value }]));
}

describe('a scope', () => {
  test('the first layer that has a name gives its value', () => {
    const scope = new Scope([layer('a: strong'), layer('a: weak\nb: weak')]);
    expect([scope.get('a'), scope.get('b'), scope.get('c')]).toEqual(['strong', 'weak', undefined]);
    expect([...scope.names()]).toEqual(['a', 'b']);
  });

  test('a variable is rendered where it is asked for, so that a stronger layer reaches into a weaker one', () => {
    const weak = layer('url: http://{{host}}:{{port}}\nport: 80\nhost: weak');
    expect(new Scope([layer('host: strong'), weak]).get('url')).toBe('http://strong:80');
    expect(new Scope([weak]).with(layer('port: 81')).get('url')).toBe('http://weak:81');
  });

  test('maps and lists are rendered within, verbatim text is not', () => {
    const scope = new Scope([layer('a: { b: ["{{c}}", !unsafe "{{c}}"] }\nc: 5')]);
    expect(scope.get('a')).toEqual({ b: [5, '{{c}}'] });
  });

  test('variables that need each other are refused with the way round', () => {
    const scope = new Scope([layer('a: "{{b}}"\nb: "x{{c.d}}"\nc: { d: "{{a}}" }')]);
    expect(refusal(() => scope.get('a'))).toBe('t.yml:1:4 "a" refers to itself: a -> b -> c -> a');
    // The scope is good for more afterwards.
    expect(scope.with(layer('a: 1')).get('b')).toBe('x1');
  });

  test('a value that is computed is computed when it is asked for', () => {
    let asked = 0;
    const computed: Layer = new Map([
      [
        'facts',
        {
          compute: () => {
            asked++;
            throw new NotYetKnown('no facts yet');
          },
        },
      ],
    ]);
    const scope = new Scope([computed, layer('a: 1\nb: "{{facts.distro}}"')]);
    expect(scope.get('a')).toBe(1);
    expect(asked).toBe(0);
    expect(() => scope.get('b')).toThrow(new NotYetKnown('no facts yet'));
  });
});

describe('secrets', () => {
  const password = 'pass"word\\1';
  const vault = new Vault();
  const secrets: Layer = new Map([['db_password', { value: vault.seal('db_password', password) }]]);
  const scope = new Scope([
    secrets,
    layer(
      'direct: "{{db_password}}"\nurl: postgres://u:{{db_password}}@h\nupper: "{{upper db_password}}"\nmap: { p: "{{db_password}}" }',
    ),
  ]);
  const render = (text: string) => renderText(templateOfFile({ path: 't', text }), scope);

  test.each([
    ['password={{db_password}}', `password=${password}`],
    ['{{direct}}', password],
    ['{{url}}', `postgres://u:${password}@h`],
    ['p: {{json db_password}}', `p: ${JSON.stringify(password)}`],
    ['{{json map}}', JSON.stringify({ p: password })],
    ['{{quote db_password}}', `'${password}'`],
    ['{{concat db_password "x"}}', `${password}x`],
    ['{{#if db_password}}{{db_password}}{{/if}}', password],
  ])('%s holds a placeholder until it is revealed', (text, revealed) => {
    const rendered = render(text);
    expect(rendered).not.toContain(password);
    expect(rendered).not.toContain(JSON.stringify(password).slice(1, -1));
    expect(vault.redact(rendered)).toContain('«secret»');
    expect(vault.reveal(rendered)).toBe(revealed);
  });
});

describe('freeNames', () => {
  const free = (text: string) => freeNames(templateOfFile({ path: 't', text })).map(({ name }) => name);

  test.each([
    ['plain', []],
    ['{{a}} {{b.c}} {{upper d}}', ['a', 'b', 'd']],
    ['{{eq (add e 1) f}}', ['e', 'f']],
    ['{{#if a}}{{b}}{{else}}{{c}}{{/if}}', ['a', 'b', 'c']],
    ['{{#each a}}{{b}}{{this}}{{@index}}{{/each}}', ['a']],
    ['{{#each a}}{{../b}}{{@root.c}}{{#if ../d}}{{/if}}{{/each}}', ['a', 'b', 'c', 'd']],
    ['{{#each a as |x|}}{{x.y}}{{../x}}{{/each}}', ['a', 'x']],
    ['{{#each a}}{{else}}{{b}}{{/each}}', ['a', 'b']],
    ['{{#with a}}{{b}}{{/with}}{{c}}', ['a', 'c']],
    ['{{default a b}} {{defined c.d}}', ['b']],
    ['{{#if (defined a)}}{{a}}{{/if}}', []],
    ['{{choose a b c}}', ['a', 'b', 'c']],
  ])('%s', (text, names) => {
    expect(free(text)).toEqual(names);
  });

  test.each([
    ['{{uper a}}', 't:1:3 no helper "uper" -> did you mean "upper"?'],
    [
      '{{#if a}}{{upper}}{{/if}}{{#when a}}{{/when}}',
      't:1:29 no block helper "when" -> there are: if, unless, each, with',
    ],
    ['{{> part}}', 't:1:1 partials and decorators are not supported'],
  ])('%s is refused without being rendered', (text, message) => {
    expect(refusal(() => free(text))).toBe(message);
  });
});
