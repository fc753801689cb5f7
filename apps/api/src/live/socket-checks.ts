import type { Authenticator } from '@vibetribe/core/identity/authenticate';
import type { AuthenticatedActor, Credential } from '@vibetribe/core/identity/authenticated-actor';
import type { Clock } from '@vibetribe/resilience/clock';
import { startLoop } from '@vibetribe/resilience/loop';
import { sleep } from '@vibetribe/resilience/sleep';
import { closeCodes } from './close-codes.ts';
import type { LiveConnection } from './live-connection.ts';
import type { OrganizationSockets } from './organization-sockets.ts';

/** Whether those behind the sockets may still hear what they hear, and whether anybody is still there at all. */
export interface SocketChecks extends AsyncDisposable {
  /** Closes the sockets of a credential that has ended. */
  endCredential(credential: Credential): void;
  /** Somebody's role has changed, or their membership has ended. */
  recheckMember(member: { readonly organizationId: string; readonly userId: string }): Promise<void>;
  /** Asks for every socket whether its credential is still good. */
  recheckAll(): Promise<void>;
}

const pingMs = 30_000;
/** Between two rounds over all credentials; a round itself takes longer the more there are. */
const roundMs = 5_000;
const checksPerSecond = 100;

export function startSocketChecks({
  sockets,
  authenticator,
  clock,
  onError,
}: {
  readonly sockets: Pick<OrganizationSockets, 'all' | 'of'>;
  readonly authenticator: Pick<Authenticator, 'recheck'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly onError: (error: unknown) => void;
}): SocketChecks {
  /** One look for all sockets that show the same. */
  const recheck = async (connections: readonly LiveConnection[]) => {
    const [first] = connections;
    if (first === undefined) return;
    const actor = await authenticator.recheck(first.actor());
    for (const connection of connections) {
      if (actor === null) connection.close(closeCodes.signedOut, 'signed out');
      else connection.renew(actor);
    }
  };

  const recheckEach = async (connections: readonly LiveConnection[], pauseMs: number, signal?: AbortSignal) => {
    for (const same of Map.groupBy(connections, (connection) => keyOf(connection.actor())).values()) {
      const startedAtMs = clock.monotonicMs();
      await recheck(same);
      await sleep(pauseMs - (clock.monotonicMs() - startedAtMs), signal);
    }
  };

  const loops = new AsyncDisposableStack();
  const every = (name: string, intervalMs: number, runOnce: (signal: AbortSignal) => Promise<void>) =>
    loops.use(startLoop({ name, intervalMs, runOnce, onError }));
  every('live pings', pingMs, async () => sockets.all().forEach((connection) => connection.ping()));
  every('live checks', roundMs, (signal) => recheckEach(sockets.all(), 1000 / checksPerSecond, signal));

  return {
    endCredential(credential) {
      for (const connection of sockets.all())
        if (isSame(connection.actor().credential, credential)) connection.close(closeCodes.signedOut, 'signed out');
    },
    recheckMember: ({ organizationId, userId }) =>
      recheckEach(
        [...sockets.of(organizationId)].filter((connection) => connection.actor().userId === userId),
        0,
      ),
    recheckAll: () => recheckEach(sockets.all(), 0),
    [Symbol.asyncDispose]: () => loops.disposeAsync(),
  };
}

function keyOf({ organizationId, credential }: AuthenticatedActor): string {
  return JSON.stringify([organizationId, credential]);
}

function isSame(one: Credential, other: Credential): boolean {
  if (one.kind === 'key') return other.kind === 'key' && one.keyId === other.keyId;
  return other.kind === 'session' && one.familyId === other.familyId;
}
