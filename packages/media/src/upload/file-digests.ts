import { Worker } from 'node:worker_threads';
import { MediaHelperError } from '../media-helper-error.ts';

/** SHA-256 of files while they are being written, on a thread of its own: the event loop that receives them is busy enough. */
export interface FileDigests extends AsyncDisposable {
  begin(path: string): FileDigest;
}

/** Disposing gives it up where it has not finished. */
export interface FileDigest extends Disposable {
  /** So many bytes of the file are written by now. */
  reached(bytes: number): void;
  /** Hex, of the file's first so many bytes. Rejects where they cannot be read. */
  finish(bytes: number): Promise<string>;
}

export type DigestOrder =
  | { readonly id: number; readonly kind: 'begin'; readonly path: string }
  | { readonly id: number; readonly kind: 'reached' | 'finish'; readonly bytes: number }
  | { readonly id: number; readonly kind: 'abandon' };

export type DigestReply =
  | { readonly id: number; readonly sha256: string }
  | { readonly id: number; readonly fault: string };

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, PromiseWithResolvers<string>>;
}

/** The thread is started with the first file, and again should it have died; it keeps no process alive. */
export function createFileDigests(): FileDigests {
  let thread: Thread | null = null;
  let lastId = 0;

  const start = (): Thread => {
    const started: Thread = { worker: new Worker(new URL('./digest-thread.ts', import.meta.url)), waiting: new Map() };
    const end = (cause: unknown) => {
      if (thread === started) thread = null;
      for (const each of started.waiting.values())
        each.reject(new MediaHelperError('The thread that digests files has ended.', { cause }));
      started.waiting.clear();
    };
    started.worker.on('message', (reply: DigestReply) => settle(started, reply));
    started.worker.on('error', end);
    started.worker.on('exit', end);
    started.worker.unref();
    return started;
  };

  return {
    begin(path) {
      thread ??= start();
      const { worker, waiting } = thread;
      lastId += 1;
      const id = lastId;
      const order = (given: DigestOrder) => worker.postMessage(given);
      const digest = Promise.withResolvers<string>();
      // Told to whoever finishes; one that is given up is nobody's fault.
      digest.promise.catch(() => undefined);
      waiting.set(id, digest);
      order({ id, kind: 'begin', path });
      return {
        reached: (bytes) => order({ id, kind: 'reached', bytes }),
        finish(bytes) {
          order({ id, kind: 'finish', bytes });
          return digest.promise;
        },
        [Symbol.dispose]() {
          if (waiting.delete(id)) order({ id, kind: 'abandon' });
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await thread?.worker.terminate();
    },
  };
}

function settle({ waiting }: Thread, reply: DigestReply): void {
  const digest = waiting.get(reply.id);
  waiting.delete(reply.id);
  if ('sha256' in reply) digest?.resolve(reply.sha256);
  else digest?.reject(new Error(`a file could not be digested: ${reply.fault}`));
}
