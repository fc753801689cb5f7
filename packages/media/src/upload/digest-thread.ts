import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { DigestOrder, DigestReply } from './file-digests.ts';

/** A thread's main: digests files that are still being written, as far as it is told that they have come. */
interface OpenFile {
  readonly descriptor: number;
  readonly hash: Hash;
  bytes: number;
}

const piece = Buffer.allocUnsafe(1024 * 1024);
const open = new Map<number, OpenFile>();

parentPort?.on('message', (order: DigestOrder) => {
  try {
    carryOut(order);
  } catch (error) {
    close(order.id);
    reply({ id: order.id, fault: String(error) });
  }
});

function carryOut(order: DigestOrder): void {
  switch (order.kind) {
    case 'begin':
      open.set(order.id, { descriptor: openSync(order.path, 'r'), hash: createHash('sha256'), bytes: 0 });
      return;
    case 'reached':
      return readTo(open.get(order.id), order.bytes);
    case 'finish': {
      const file = open.get(order.id);
      readTo(file, order.bytes);
      close(order.id);
      if (file !== undefined) reply({ id: order.id, sha256: file.hash.digest('hex') });
      return;
    }
    case 'abandon':
      return close(order.id);
  }
}

/** A file that met a fault is not open any more: that was told. */
function readTo(file: OpenFile | undefined, bytes: number): void {
  while (file !== undefined && file.bytes < bytes) {
    const read = readSync(file.descriptor, piece, 0, Math.min(piece.length, bytes - file.bytes), file.bytes);
    if (read === 0) throw new Error(`the file ends after ${file.bytes} of ${bytes} bytes`);
    file.hash.update(piece.subarray(0, read));
    file.bytes += read;
  }
}

function close(id: number): void {
  const file = open.get(id);
  if (file === undefined) return;
  open.delete(id);
  closeSync(file.descriptor);
}

function reply(answer: DigestReply): void {
  parentPort?.postMessage(answer);
}
