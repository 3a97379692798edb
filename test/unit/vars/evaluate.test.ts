import { describe, expect, test } from 'vitest';
import { evaluateCondition, renderText, renderValue } from '../../../src/vars/evaluate.ts';
import { templateOfExpression, templateOfFile, templateOfScalar } from '../../../src/vars/template.ts';
import type { Value } from '../../../src/vars/value.ts';
import { refusal, scalarOf, scopeOver } from '../support.ts';

const names: Record<string, Value> = {
  port: 5432,
  on: true,
  off: false,
  zero: 0,
  empty: '',
  none: null,
  name: 'node1',
  list: ['a', 'b'],
  nothing: [],
  map: { x: 1, y: { z: 'deep' }, nil: null },
  rows: [{ name: 'n1' }, { name: 'n2', port: 1 }],
};
const scope = scopeOver(names);

/** What a quoted YAML scalar comes out as. */
const value = (text: string): Value =>
  renderValue(templateOfScalar(scalarOf(`v: ${JSON.stringify(text)}`)), scope);
const text = (source: string): string => renderText(templateOfFile({ path: 't.hbs', text: source }), scope);

describe('a value that is one single expression keeps its type', () => {
  test.each([
    ['{{port}}', 5432],
    ['{{on}}', true],
    ['{{list}}', ['a', 'b']],
    ['{{map.y}}', { z: 'deep' }],
    ['{{none}}', null],
    ['{{list.[1]}}', 'b'],
    ['{{list.length}}', 2],
    ['{{add port 1}}', 5433],
    ['{{eq (lower "A") "a"}}', true],
    ['{{map.[x]}}', 1],
    ['{{{name}}}', 'node1'],
    [' {{port}}', ' 5432'],
    ['{{port}}{{port}}', '54325432'],
    ['{{name}}:{{port}} {{on}}', 'node1:5432 true'],
  ])('%s', (source, expected) => {
    expect(value(source)).toEqual(expected);
  });
});

describe('text', () => {
  test.each([
    ['nothing is escaped: {{quoted}}', 'nothing is escaped: <a & "b">'],
    ['{{#if on}}yes{{else}}no{{/if}}', 'yes'],
    ['{{#if zero}}yes{{else}}no{{/if}}', 'no'],
    ['{{#if empty}}yes{{else}}no{{/if}}', 'no'],
    ['{{#if nothing}}yes{{else}}no{{/if}}', 'no'],
    ['{{#if map}}yes{{/if}}', 'yes'],
    ['{{#if off}}a{{else if on}}b{{else}}c{{/if}}', 'b'],
    ['{{#unless off}}a{{/unless}}', 'a'],
    ['{{#each list}}{{@index}}={{this}}{{#unless @last}},{{/unless}}{{/each}}', '0=a,1=b'],
    ['{{#each list as |item at|}}{{at}}{{item}}{{/each}}', '0a1b'],
    ['{{#each nothing}}x{{else}}none{{/each}}', 'none'],
    ['{{#each map.y}}{{@key}}={{.}}{{/each}}', 'z=deep'],
    ['{{#each rows}}{{name}}@{{../port}} {{/each}}', 'n1@5432 n2@5432 '],
    ['{{#each rows as |row|}}{{row.name}}@{{@root.port}} {{/each}}', 'n1@5432 n2@5432 '],
    ['{{#each list}}{{#each ../list}}{{@../index}}{{@index}} {{/each}}{{/each}}', '00 01 10 11 '],
    ['{{#with map.y}}{{z}}{{/with}}', 'deep'],
    ['{{#with zero}}[{{this}}]{{/with}}', '[0]'],
    ['{{#with nothing}}x{{else}}none{{/with}}', 'none'],
    ['a{{! a comment }}b{{!-- another }} --}}c', 'abc'],
    ['a \n{{~#if on}} b {{~/if}}\nc', 'a b\nc'],
    ['{{#if on}}\nline\n{{/if}}\n', 'line\n'],
    ['\\{{name}}', '{{name}}'],
  ])('%j', (source, expected) => {
    const own = scopeOver({ ...names, quoted: '<a & "b">' });
    expect(renderText(templateOfFile({ path: 't.hbs', text: source }), own)).toBe(expected);
  });
});

describe('strictness: what is not there is an error with its place', () => {
  test.each([
    ['{{prt}}', 't.hbs:1:3 unknown variable "prt" -> did you mean "port"?'],
    ['one\ntwo {{ nobody }}', 't.hbs:2:8 unknown variable "nobody"'],
    ['{{map.q}}', 't.hbs:1:3 no "q" in it -> there are: nil, x, y'],
    ['{{map.y.zz}}', 't.hbs:1:3 no "zz" in it -> did you mean "z"?'],
    ['{{name.first}}', 't.hbs:1:3 no "first" in it'],
    ['{{list.[7]}}', 't.hbs:1:3 no "7" in it'],
    ['{{#if nobody}}{{/if}}', 't.hbs:1:7 unknown variable "nobody"'],
    ['{{#each nobody}}{{/each}}', 't.hbs:1:9 unknown variable "nobody"'],
    ['{{upper nobody}}', 't.hbs:1:9 unknown variable "nobody"'],
    ['{{upper (lower nobody)}}', 't.hbs:1:16 unknown variable "nobody"'],
    ['{{#each rows}}{{port}}{{/each}}', 't.hbs:1:17 no "port" in this item -> the variable is @root.port'],
    ['{{#each rows}}{{nmae}}{{/each}}', expect.stringMatching(/^t\.hbs:1:17 unknown variable "nmae"/)],
    ['{{../port}}', 't.hbs:1:3 there is no such outer level'],
    ['{{@index}}', 't.hbs:1:3 there is no @index here'],
    ['{{@root.nobody}}', expect.stringContaining('t.hbs:1:3 no "nobody" in it')],
    ['a {{list}}', 't.hbs:1:3 a list cannot stand in text -> write join, json or a part of it'],
    ['a {{map}}', 't.hbs:1:3 a map cannot stand in text -> write join, json or a part of it'],
    ['a {{none}}', 't.hbs:1:3 null cannot stand in text -> write join, json or a part of it'],
    ['{{#if none}}{{/if}}', 't.hbs:1:7 this is null -> test it with defined, or give it with default'],
    ['{{#each name}}{{/each}}', 't.hbs:1:9 {{#each}} needs a list or a map, and this is text'],
    ['{{upper}}', 't.hbs:1:3 upper is a helper and needs arguments -> upper TEXT'],
    ['{{upper name port}}', 't.hbs:1:3 wrong number of arguments for upper -> upper TEXT'],
    ['{{uper name}}', 't.hbs:1:3 no helper "uper" -> did you mean "upper"?'],
    ['{{upper list}}', 't.hbs:1:3 upper: expected text, found a list -> upper TEXT'],
    ['{{upper name=1}}', 't.hbs:1:9 named arguments are not supported'],
    ['{{#when on}}{{/when}}', 't.hbs:1:4 no block helper "when" -> there are: if, unless, each, with'],
    ['{{#if on off}}{{/if}}', 't.hbs:1:4 {{#if}} takes one value'],
    ['{{> part}}', 't.hbs:1:1 partials and decorators are not supported'],
    ['{{constructor}}', 't.hbs:1:3 unknown variable "constructor"'],
    ['{{map.__proto__}}', expect.stringContaining('no "__proto__" in it')],
  ])('%j', (source, expected) => {
    expect(refusal(() => text(source))).toEqual(expected);
  });

  test('in YAML the place is that of the expression in its file', () => {
    const folded = scalarOf('v: |\n  one\n  two {{nobody}}\n');
    expect(refusal(() => renderText(templateOfScalar(folded), scope))).toBe(
      't.yml:3:9 unknown variable "nobody"',
    );
    const quoted = scalarOf('key: "a {{nobody}}"');
    expect(refusal(() => renderText(templateOfScalar(quoted), scope))).toBe(
      't.yml:1:11 unknown variable "nobody"',
    );
    // Where escapes hide the place it is the scalar's own.
    const escaped = scalarOf('key: "a\\t{{nobody}}"');
    expect(refusal(() => renderText(templateOfScalar(escaped), scope))).toBe(
      't.yml:1:6 unknown variable "nobody"',
    );
  });
});

describe('what people bring along from Jinja is told in Handlebars', () => {
  test.each([
    [
      '{{ x | default("y") }}',
      't.hbs:1:4 this is a Jinja filter; expressions here are Handlebars -> write {{ default x "y" }}',
    ],
    [
      "{{ a.b | join(',') }}",
      't.hbs:1:4 this is a Jinja filter; expressions here are Handlebars -> write {{ join a.b "," }}',
    ],
    [
      '{% if x %}',
      't.hbs:1:1 this is Jinja; templates here are Handlebars -> write {{#if (eq name "value")}} … {{else}} … {{/if}}',
    ],
    [
      'a\n{%- for x in y %}',
      't.hbs:2:1 this is Jinja; templates here are Handlebars -> write {{#each list as |item|}} … {{/each}}',
    ],
    [
      '{% set x = 1 %}',
      't.hbs:1:1 this is Jinja; templates here are Handlebars -> write a variable of the play or task (vars:)',
    ],
    ['{% raw %}', 't.hbs:1:1 this is Jinja; templates here are Handlebars'],
    ["{{ a == 'b' }}", 't.hbs:1:4 there is no operator == -> write {{ eq a "b" }}'],
    ['{{ a >= 3 }}', 't.hbs:1:4 there is no operator >= -> write {{ ge a 3 }}'],
    ['{{ a and b }}', 't.hbs:1:4 no helper "a"'],
    ['{{ not a == b }}', 't.hbs:1:4 there is no operator == -> write {{ not (eq a b) }}'],
    [
      '{{ a | list }}',
      't.hbs:1:4 this is a Jinja filter; expressions here are Handlebars -> the helper comes first: eq NAME "value"',
    ],
    ['{{ a is not defined }}', 't.hbs:1:4 no helper "a" -> write not (defined a)'],
    ['{{ "x" in list }}', 't.hbs:1:4 no helper "x" -> write in "x" list'],
    ['{{ a is defined }}', 't.hbs:1:4 no helper "a" -> write defined a'],
  ])('%s', (source, expected) => {
    expect(refusal(() => text(source))).toBe(expected);
  });
});

describe('a template that does not parse', () => {
  test.each([
    ['{{#if on}}', /^t\.hbs:1:\d+ not a valid template -> Expecting /],
    ['{{name', /^t\.hbs:1:\d+ not a valid template -> Expecting /],
    ['one\n{{/if}}', /^t\.hbs:2:\d+ not a valid template/],
    ['{{#if on}}{{/each}}', /^t\.hbs:1:\d+ not a valid template -> .*if doesn't match each/],
  ])('%j', (source, expected) => {
    expect(refusal(() => text(source))).toMatch(expected);
  });
});

describe('a condition', () => {
  const condition = (source: string) =>
    evaluateCondition(templateOfExpression(scalarOf(`when: ${source}`)), scope);

  test.each([
    ['on', true],
    ['not on', false],
    ['eq name "node1"', true],
    ['and on (gt port 1024) (not off)', true],
    ['or off (in "b" list)', true],
    ['bool "yes"', true],
  ])('%s is %s', (source, expected) => {
    expect(condition(source)).toBe(expected);
  });

  test.each([
    [
      'port',
      't.yml:1:7 a condition must be true or false, and this is a number -> compare it (eq NAME "value"), or write bool NAME',
    ],
    [
      'list',
      't.yml:1:7 a condition must be true or false, and this is a list -> compare it (eq NAME "value"), or write bool NAME',
    ],
    ['nobody', 't.yml:1:7 unknown variable "nobody"'],
  ])('%s is refused', (source, expected) => {
    expect(refusal(() => condition(source))).toBe(expected);
  });
});
