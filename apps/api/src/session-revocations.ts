import type { Authenticator } from '@vibetribe/core/identity/authenticate';
import type { Revocations } from '@vibetribe/core/identity/identity-dependencies';
import type { Logger } from '@vibetribe/observability/logger';
import type { Bus } from '@vibetribe/queue/bus';
import { z } from 'zod';
import type { LiveHub } from './live/live-hub.ts';

const Revocation = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('session'), familyId: z.string() }),
  z.object({ kind: z.literal('key'), keyId: z.string() }),
  z.object({ kind: z.literal('member'), organizationId: z.string(), userId: z.string() }),
]);
type Revocation = z.infer<typeof Revocation>;

interface RevocationDependencies {
  readonly authenticator: Pick<Authenticator, 'forget' | 'forgetAll'>;
  readonly live: Pick<LiveHub, 'endCredential' | 'recheckMember' | 'recheckAll'>;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Lets go of what has ended in this process, and announces it to the others. Those who hear it: `followRevocations`. */
export function createRevocations(bus: Pick<Bus, 'publish'>, deps: RevocationDependencies): Revocations {
  const announce = (revocation: Revocation) => {
    // This process does not wait for its own announcement to come back.
    carryOut(deps, revocation);
    bus.publish('sessions', JSON.stringify(revocation)).catch((error: unknown) => {
      deps.logger.warn({ err: error }, 'what has ended could not be announced; others learn of it within seconds');
    });
  };
  return {
    announce,
    memberChanged: ({ organizationId, userId }) => announce({ kind: 'member', organizationId, userId }),
  };
}

/** Lets go of what others say has ended, and of all that is remembered when announcements may have been missed. */
export async function followRevocations(
  bus: Pick<Bus, 'subscribe'>,
  deps: RevocationDependencies,
): Promise<AsyncDisposable> {
  const hear = (payload: string) => {
    const revocation = parseRevocation(payload);
    if (revocation !== null) carryOut(deps, revocation);
  };
  const catchUp = () => {
    deps.authenticator.forgetAll();
    recheck(deps, deps.live.recheckAll());
  };
  return bus.subscribe('sessions', hear, catchUp);
}

function carryOut(deps: RevocationDependencies, revocation: Revocation): void {
  if (revocation.kind === 'member') {
    // Which sessions are the member's is not known here.
    deps.authenticator.forgetAll();
    recheck(deps, deps.live.recheckMember(revocation));
  } else {
    deps.authenticator.forget(revocation);
    deps.live.endCredential(revocation);
  }
}

function recheck({ logger }: Pick<RevocationDependencies, 'logger'>, looks: Promise<void>): void {
  looks.catch((error: unknown) => logger.warn({ err: error }, 'sockets could not be checked; they are in a moment'));
}

function parseRevocation(payload: string): Revocation | null {
  try {
    return Revocation.parse(JSON.parse(payload));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}
