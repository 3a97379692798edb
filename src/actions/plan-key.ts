import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError, LocalFileError } from '../core/errors.ts';
import { writePrivateFile } from '../core/private-file.ts';
import { stateFolder } from '../core/state-folder.ts';
import { isSystemError, whyNot } from '../core/system-error.ts';
import { readTrustedFile, UntrustedFileError } from '../core/trusted-file.ts';

/** Where the key is that binds plans to who has made them. */
export function planKeyFile(): string {
  return join(stateFolder(), 'plan-key');
}

/** Seals a plan's text with the user's key, which is made where there is none. */
export function sealPlan(text: string): string {
  const path = planKeyFile();
  let key = readKey(path);
  if (!key) {
    key = randomBytes(32).toString('hex');
    try {
      mkdirSync(stateFolder(), { recursive: true, mode: 0o700 });
      writePrivateFile(path, `${key}\n`);
    } catch (error) {
      throw new LocalFileError(
        `the key that plans are sealed with cannot be kept in ${path}: ${whyNot(error)}`,
      );
    }
  }
  return sealWith(key, text);
}

/** Whether a text was sealed with the user's key; undefined where there is none. */
export function isSealed(text: string, seal: string): boolean | undefined {
  const key = readKey(planKeyFile());
  if (key === undefined) return undefined;
  const [own, given] = [Buffer.from(sealWith(key, text)), Buffer.from(seal)];
  return own.length === given.length && timingSafeEqual(own, given);
}

function sealWith(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

function readKey(path: string): string | undefined {
  try {
    const key = readTrustedFile(path, 0o077).toString().trim();
    if (/^[0-9a-f]{64}$/.test(key)) return key;
    throw new UntrustedFileError('it holds no key', 'remove it: the next plan -o makes one');
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined;
    const hint = error instanceof UntrustedFileError ? { hint: error.hint } : {};
    throw new InvalidInputError([{ message: `${path}: ${whyNot(error)}`, ...hint }]);
  }
}
