import { writeSync } from 'node:fs';
import {
  failpointNames,
  type FailpointName,
  type Failpoints,
  protections,
  type Protection,
} from '@vibetribe/core/publishing/failpoints';

/** `lose`: the harness is told first, and sees to it that the answer to what comes next is lost. */
export const failpointActions = ['kill', 'freeze', 'throw', 'lose'] as const;
export type FailpointAction = (typeof failpointActions)[number];

/** A line on standard output that tells the harness that a failpoint was reached; written before it acts. */
export interface FailpointLine {
  readonly msg: 'failpoint';
  readonly name: FailpointName;
  readonly action: FailpointAction;
}

export class FailpointReachedError extends Error {
  override readonly name = 'FailpointReachedError';
}

/**
 * Failpoints from the environment of a process under test: `TEST_FAILPOINTS` is a list of `name=action`, each of which strikes once, and
 * `TEST_WITHOUT` a list of protections to go without.
 * @throws RangeError for a name that does not exist: a test must not pass because of a typing error
 */
export function createTestFailpoints(options: {
  readonly failpoints: string;
  readonly without: string;
  readonly tellLose: (name: FailpointName) => Promise<void>;
}): Failpoints {
  const set = parseFailpoints(options.failpoints);
  const removed = new Set<Protection>(listOf(options.without).map((name) => oneOf(protections, name)));
  return {
    has: (protection: Protection) => !removed.has(protection),
    async reach(name) {
      const action = set.get(name);
      if (action === undefined) return;
      set.delete(name);
      // A signal ends the process before anything that waits in a buffer is written.
      writeSync(1, `${JSON.stringify({ msg: 'failpoint', name, action } satisfies FailpointLine)}\n`);
      switch (action) {
        case 'kill':
          process.kill(process.pid, 'SIGKILL');
          // The signal is on its way: nothing after this line may run.
          return new Promise(() => undefined);
        case 'freeze':
          process.kill(process.pid, 'SIGSTOP');
          return;
        case 'throw':
          throw new FailpointReachedError(name);
        case 'lose':
          return options.tellLose(name);
      }
    },
  };
}

function parseFailpoints(list: string): Map<FailpointName, FailpointAction> {
  return new Map(
    listOf(list).map((entry) => {
      const [name = '', action = ''] = entry.split('=');
      return [oneOf(failpointNames, name), oneOf(failpointActions, action)];
    }),
  );
}

function listOf(text: string): string[] {
  return text.split(',').filter((entry) => entry !== '');
}

function oneOf<Name extends string>(names: readonly Name[], given: string): Name {
  const found = names.find((name) => name === given);
  if (found === undefined) throw new RangeError(`${given} is none of ${names.join(', ')}`);
  return found;
}
