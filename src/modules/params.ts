import * as z from 'zod';

/** Marks a parameter that is taken from the YAML scalar's own text: `0644` and `1.10` mean what they say. */
const literal = { literal: true };

/** A version, package or other text that YAML might take for a number. */
export const text = z
  .preprocess((value) => (typeof value === 'number' ? String(value) : value), z.string())
  .meta(literal);

/** Permissions in octal. A number is what YAML made of an octal literal. */
export const mode = z
  .preprocess(
    (value) => (typeof value === 'number' ? value.toString(8) : value),
    z
      .string()
      .regex(/^[0-7]{3,5}$/, 'permissions are octal, such as "0644"')
      .transform((digits) => digits.replace(/^0+(?=.)/, '')),
  )
  .meta(literal);

export const anyPath = z.string().regex(/^\/[^\0\n\t]*$/, 'must be an absolute path');

export const absolutePath = anyPath.transform((path) => (path.length > 1 ? path.replace(/\/+$/, '') : path));

/** A file by its absolute path. With a slash at its end it is a folder, which is no place for a file. */
export const filePath = anyPath.refine((path) => !path.endsWith('/'), {
  message: 'ends with a slash: name the file',
});

/** One text or a list of them. */
export const textList = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((word) => word.trim()) : value),
  z.array(z.string()),
);

/** A name of a user or group. */
export const accountName = z.string().regex(/^[a-z_][a-z0-9_.-]*\$?$/i, 'is not a user or group name');

/** A regular expression of JavaScript's. */
export const regularExpression = z.string().refine(
  (pattern) => {
    try {
      return new RegExp(pattern) instanceof RegExp;
    } catch {
      return false;
    }
  },
  { message: 'is not a regular expression' },
);

/** The name of a systemd unit, or of a template for some: no pattern. */
export const unitFile = z.string().regex(/^[\w:.@\\-]+$/, 'is not the name of a unit');

/** Whether a unit is a template, of which only instances can be started. */
export function isTemplate(name: string): boolean {
  return /@(\.\w+)?$/.test(name);
}

/** A systemd unit that can be started: no pattern, and no template without its instance. */
export const unit = unitFile.refine((name) => !isTemplate(name), {
  error: ({ input }) => `${String(input)} is a template: give its instance after the @`,
});
