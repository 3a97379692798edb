import { whyNot } from '../core/system-error.ts';

/**
 * Lets a run go on when its output cannot be written: its reader may stop early (`drover … 2>&1 | head`), which says
 * nothing, or a disk be full, which is said once. Returns whether that was so.
 */
export function surviveLostOutput(
  streams: readonly NodeJS.EventEmitter[],
  warn: (message: string) => void,
): () => boolean {
  let isLost = false;
  const failed = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || isLost) return;
    isLost = true;
    warn(`drover: the output cannot be written: ${whyNot(error)}\n`);
  };
  for (const stream of streams) stream.on('error', failed);
  return () => isLost;
}
