import type { LiveRequest, ServerFrame } from './live-message.ts';

type Answer = Extract<ServerFrame, { type: 'ack' | 'pong' | 'error' }>;
type Say = (text: string) => void;

interface Asked {
  readonly request: LiveRequest;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What was asked of the server: who waits for an answer, and what has to be said again to the next socket. */
export interface LiveRequests {
  /** `send` is null while there is no socket. */
  ask(request: LiveRequest, send: Say | null): Promise<void>;
  answered(answer: Answer): void;
  /** A socket is there: rooms and subscriptions are asked for again. */
  connected(send: Say): void;
  /** The socket is gone: what it was asked and did not answer is told so, but what will be asked again. */
  disconnected(): void;
  /** No other socket will come. */
  closed(): void;
}

/** Each with what ends it. */
const lasting: Readonly<Record<string, string>> = {
  'join-room': 'leave-room',
  'subscribe-post-updates': 'unsubscribe-post-updates',
  'subscribe-analytics-updates': 'unsubscribe-analytics-updates',
};
const endings = new Map(Object.entries(lasting).map(([begins, ends]) => [ends, begins]));

/** Said again at a time: the server takes 60 at once, and other messages are among them. */
const saidMax = 20;

/** @param options.restMs how long the server is left alone that says it was asked too much */
export function createLiveRequests({ restMs = 1_000 } = {}): LiveRequests {
  const waiting = new Map<string, Asked>();
  /** By what they are about: the ref they are asked under. */
  const kept = new Map<string, { readonly ref: string; readonly request: LiveRequest }>();
  let asked = 0;
  /** Refs that the present socket still has to be told. */
  let unsaid: string[] = [];
  /** Those it was told and has not answered. */
  const said = new Set<string>();
  let say: Say | null = null;
  let rest: ReturnType<typeof setTimeout> | null = null;

  const keptUnder = (ref: string) => [...kept.values()].find((one) => one.ref === ref);

  const settle = (ref: string, how: (one: Asked) => void) => {
    const found = waiting.get(ref);
    waiting.delete(ref);
    if (found !== undefined) how(found);
  };

  const sayNext = () => {
    while (rest === null && said.size < saidMax) {
      const ref = unsaid.shift();
      if (ref === undefined) return;
      const one = keptUnder(ref);
      // Something else was asked since.
      if (one === undefined) settle(ref, ({ resolve }) => resolve());
      else {
        said.add(ref);
        say?.(textOf(one.request, ref));
      }
    }
  };

  const sayLater = (ref: string) => {
    said.delete(ref);
    unsaid.push(ref);
    rest ??= setTimeout(() => {
      rest = null;
      sayNext();
    }, restMs);
  };

  const begin = (send: Say | null, refs: string[]) => {
    if (rest !== null) clearTimeout(rest);
    rest = null;
    said.clear();
    say = send;
    unsaid = refs;
    sayNext();
  };

  const drop = (isLost: (request: LiveRequest) => boolean) => {
    for (const [ref, { request, reject }] of waiting) {
      if (!isLost(request)) continue;
      waiting.delete(ref);
      reject(new Error(`The connection ended before ${request.type} was answered.`));
    }
  };

  return {
    ask(request, send) {
      const ref = `r${(asked += 1)}`;
      const begins = endings.get(request.type);
      if (begins !== undefined) kept.delete(keyOf({ ...request, type: begins as LiveRequest['type'] }));
      if (request.type in lasting) kept.set(keyOf(request), { ref, request });
      // There is nothing to end where there is no socket.
      else if (send === null && begins !== undefined) return Promise.resolve();
      else if (send === null) return Promise.reject(new Error('There is no connection.'));
      return new Promise((resolve, reject) => {
        waiting.set(ref, { request, resolve, reject });
        send?.(textOf(request, ref));
      });
    },
    answered(answer) {
      const { ref = '' } = answer;
      const isRefused = answer.type === 'error';
      if (isRefused && answer.data.code === 'rate_limited' && keptUnder(ref) !== undefined) return sayLater(ref);
      // A post that is gone is not asked for again.
      if (isRefused) for (const [key, one] of kept) if (one.ref === ref) kept.delete(key);
      settle(ref, ({ resolve, reject }) => {
        if (isRefused) reject(new Error(`${answer.data.code}: ${answer.data.message}`));
        else resolve();
      });
      said.delete(ref);
      sayNext();
    },
    connected(send) {
      const refs = Array.from(kept.values(), ({ ref }) => ref);
      begin(send, refs);
    },
    disconnected() {
      begin(null, []);
      drop(({ type }) => !(type in lasting));
    },
    closed: () => drop(() => true),
  };
}

function keyOf({ type, data }: LiveRequest): string {
  return JSON.stringify([type, data?.room, data?.postId]);
}

function textOf({ type, data = {} }: LiveRequest, ref: string): string {
  return JSON.stringify({ type, data, ref });
}
