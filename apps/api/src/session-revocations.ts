import type { Authenticator } from '@vibetribe/core/identity/authenticate';
import type { Credential } from '@vibetribe/core/identity/authenticated-actor';
import type { Revocations } from '@vibetribe/core/identity/identity-dependencies';
import type { Logger } from '@vibetribe/observability/logger';
import type { Bus } from '@vibetribe/queue/bus';
import { z } from 'zod';
import type { LiveHub } from './live/live-hub.ts';

const CredentialMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('session'), familyId: z.string() }),
  z.object({ kind: z.literal('key'), keyId: z.string() }),
]);

/** Announces ended credentials to every replica. Those who hear it: `followRevocations`. */
export function createRevocations(bus: Pick<Bus, 'publish'>, logger: Pick<Logger, 'warn'>): Revocations {
  return {
    announce(credential) {
      bus.publish('sessions', JSON.stringify(credential)).catch((error: unknown) => {
        logger.warn({ err: error }, 'an ended session could not be announced; caches learn of it within seconds');
      });
    },
  };
}

/** Lets go of ended credentials, and of all remembered ones when announcements may have been missed. */
export async function followRevocations(
  bus: Pick<Bus, 'subscribe'>,
  deps: {
    readonly authenticator: Pick<Authenticator, 'forget' | 'forgetAll'>;
    readonly live: Pick<LiveHub, 'endCredential' | 'recheck'>;
    readonly logger: Pick<Logger, 'warn'>;
  },
): Promise<AsyncDisposable> {
  const end = (payload: string) => {
    const credential = parseCredential(payload);
    if (credential === null) return;
    deps.authenticator.forget(credential);
    deps.live.endCredential(credential);
  };
  const catchUp = () => {
    deps.authenticator.forgetAll();
    deps.live.recheck().catch((error: unknown) => deps.logger.warn({ err: error }, 'sockets could not be checked'));
  };
  return bus.subscribe('sessions', end, catchUp);
}

function parseCredential(payload: string): Credential | null {
  try {
    return CredentialMessage.parse(JSON.parse(payload));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}
