import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';

/** Opens a text in $VISUAL or $EDITOR, or in vi if neither is set, and returns it as edited. */
export async function editText(text: string, name: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'drover-'));
  const path = join(folder, name);
  try {
    writeFileSync(path, text, { mode: 0o600 });
    const editor = process.env['VISUAL'] ?? process.env['EDITOR'] ?? 'vi';
    // $EDITOR may hold options too, so the shell splits it.
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', path], { stdio: 'inherit' });
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    if (status !== 0)
      throw new UsageError(`${editor} ended with ${status ?? 'a signal'}; nothing was changed`);
    return readFileSync(path, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
