import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { prepareDecoder } from './image-decoder.ts';
import { type Inspection, inspect } from './inspection.ts';
import type { InspectorReply } from './inspector-reply.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import { isFullDisk } from '../system-error.ts';

/** Below whoever answers requests: on a small machine, decoding waits rather than they. */
const niceness = 10;

setPriority(niceness);
offerToOutOfMemory();
prepareDecoder();
process.on('message', (inspection: Inspection) => void answer(inspection));
// Its parent is gone, whichever way.
process.on('disconnect', () => process.exit(0));
reply({ kind: 'ready' });

/** Where the machine runs out of memory, Linux ends this process and not the database: it is tried again. */
function offerToOutOfMemory(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '800');
  } catch {
    // Another system, or one that does not allow it.
  }
}

async function answer(inspection: Inspection): Promise<void> {
  try {
    reply({ kind: 'result', result: await inspect(inspection) });
  } catch (error) {
    if (error instanceof MediaRefusedError) reply({ kind: 'refusal', code: error.code, message: error.message });
    else reply({ kind: 'fault', message: messageOf(error), isFull: isFullDisk(error) });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function reply(message: InspectorReply): void {
  process.send?.(message);
}
