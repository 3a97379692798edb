import { readFileSync, writeFileSync } from 'node:fs';

const instances = '/proc/sys/fs/inotify/max_user_instances';
const enough = 1024;

/**
 * Lets many hosts boot: each one's systemd takes some five inotify instances, the kernel allows root 128 for all of
 * them, and a systemd without one hangs. The limit stays raised until this machine boots again.
 */
export function raiseLimits(): void {
  if (Number(readFileSync(instances, 'utf8')) < enough) writeFileSync(instances, String(enough));
}
