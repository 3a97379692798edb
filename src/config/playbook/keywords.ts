import * as z from 'zod';
import { scalarsOf, type MapEntry, type MapNode, type Node, type ScalarNode } from '../../core/node.ts';
import { type Layer, type Variable } from '../../vars/scope.ts';
import { isTemplate, templateOfExpression, templateOfScalar, TemplateError } from '../../vars/template.ts';
import { becomeMethods, type BecomeMethod } from '../../shell/become.ts';
import { becomeMethodOf } from '../become.ts';
import { connectionWayOf, type ConnectionWay } from '../connection.ts';
import type { Problems } from '../files.ts';
import { validate } from '../validate.ts';
import type { Condition } from './model.ts';

/** Reads the values of keywords; errors go to the problems, and the value counts as absent. */
export class KeywordReader {
  readonly #entries: ReadonlyMap<string, MapEntry>;
  readonly problems: Problems;

  constructor(map: MapNode, problems: Problems) {
    this.#entries = new Map(map.entries.map((entry) => [entry.key, entry]));
    this.problems = problems;
  }

  node(key: string): Node | undefined {
    return this.#entries.get(key)?.value;
  }

  #parse<S extends z.ZodType>(key: string, schema: S): z.output<S> | undefined {
    const node = this.node(key);
    return node && validate(node, schema, this.problems);
  }

  boolean(key: string): boolean | undefined {
    return this.#parse(key, z.boolean());
  }

  number(key: string): number | undefined {
    return this.#parse(key, z.number().min(0));
  }

  name(key: string): string | undefined {
    return this.#parse(key, z.string().regex(/^[a-zA-Z_]\w*$/, 'is not a variable name'));
  }

  strings(key: string): string[] | undefined {
    return this.#parse(
      key,
      z.preprocess(
        (value) => (typeof value === 'string' ? value.split(',').map((word) => word.trim()) : value),
        z.array(z.string()),
      ),
    );
  }

  /** Text that may hold expressions. */
  text(key: string): ScalarNode | undefined {
    const node = this.node(key);
    if (!node) return undefined;
    if (node.kind !== 'scalar' || node.value === null) {
      this.problems.add({ message: `${key} must be text`, at: node.range });
      return undefined;
    }
    this.checkTemplates(node);
    return node;
  }

  map(key: string): MapNode | undefined {
    const node = this.node(key);
    if (!node) return undefined;
    if (node.kind === 'map') {
      this.checkTemplates(node);
      return node;
    }
    if (node.kind !== 'scalar' || node.value !== null) {
      this.problems.add({ message: `${key} must be a map`, at: node.range });
    }
    return undefined;
  }

  vars(key = 'vars'): Layer {
    const map = this.map(key);
    return new Map<string, Variable>(map?.entries.map((entry) => [entry.key, { node: entry.value }]));
  }

  /** A condition or a list of them, all of which must hold. */
  conditions(key: string): Condition[] | undefined {
    const node = this.node(key);
    if (!node) return undefined;
    return readConditions(node, key, this.problems);
  }

  /** Refuses values of keywords that would ask for another behaviour than the one there is. */
  refuseOtherBehaviour(): void {
    this.#refuse('any_errors_fatal', this.boolean('any_errors_fatal') === false, {
      message: 'any_errors_fatal: false is not supported',
      hint: 'a failed host always ends the run, once the others of its batch are through the play; ignore_errors and rescue are for what may fail',
    });
    this.#refuse('check_mode', this.boolean('check_mode') === true, {
      message: 'check_mode: true is not supported',
      hint: 'a task is done, or with -C nothing is: leave it out, or give the task a tag to select it by',
    });
  }

  connection(): ConnectionWay | undefined {
    const named = this.text('connection');
    const way = named && connectionWayOf(named.text);
    this.#refuse('connection', named !== undefined && way === undefined, {
      message: `connection: ${named?.text ?? ''} is not supported`,
      hint: 'there are ssh, openssh and local; what depends on the host is for ansible_connection',
    });
    return way;
  }

  becomeMethod(): BecomeMethod | undefined {
    const named = this.text('become_method');
    const method = named && becomeMethodOf(named.text);
    this.#refuse('become_method', named !== undefined && method === undefined, {
      message: `become_method: ${named?.text ?? ''} is not supported`,
      hint: `there are ${becomeMethods.join(', ')}; what depends on the host is for ansible_become_method`,
    });
    return method;
  }

  #refuse(key: string, isOther: boolean, problem: { message: string; hint: string }): void {
    const node = this.node(key);
    if (node && isOther) this.problems.add({ ...problem, at: node.range });
  }

  provides(key: string): MapNode | undefined {
    const names = z
      .preprocess(
        (value) => (typeof value === 'string' && isTemplate(value) ? [] : value),
        z.array(z.string()),
      )
      .optional();
    const shape = { paths: names, units: names, users: names, groups: names, packages: names };
    this.#parse(key, z.strictObject(shape));
    return this.map(key);
  }

  /** Reports templates that do not parse. */
  checkTemplates(node: Node): void {
    for (const scalar of scalarsOf(node)) {
      if (typeof scalar.value !== 'string' || scalar.verbatim || !isTemplate(scalar.value)) continue;
      try {
        templateOfScalar(scalar);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        this.problems.add(error.diagnostic);
      }
    }
  }
}

/** Conditions from a scalar or a list of scalars. */
export function readConditions(node: Node, key: string, problems: Problems): Condition[] {
  const items = node.kind === 'list' ? node.items : [node];
  return items.flatMap((item): Condition[] => {
    if (item.kind !== 'scalar' || item.value === null) {
      problems.add({ message: `${key} must be an expression or a list of them`, at: item.range });
      return [];
    }
    if (typeof item.value === 'boolean') return [{ text: item.text, constant: item.value }];
    try {
      return [{ text: item.text, template: templateOfExpression(item) }];
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      problems.add(error.diagnostic);
      return [];
    }
  });
}
