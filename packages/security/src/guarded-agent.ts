import { lookup } from 'node:dns';
import { connect } from 'node:net';
import { Agent } from 'undici';
import { type GuardedConnectorOptions, createGuardedConnector } from './guarded-connector.ts';
import { createNameLookup } from './name-lookup.ts';

/** What the guard decides by itself cannot be given. */
type FreeAgentOptions = Omit<
  Agent.Options,
  | 'allowH2'
  | 'autoSelectFamily'
  | 'autoSelectFamilyAttemptTimeout'
  | 'connect'
  | 'connectTimeout'
  | 'factory'
  | 'localAddress'
  | 'maxCachedSessions'
  | 'pipelining'
  | 'socketPath'
  | 'useMilo'
>;

export interface GuardedAgentOptions
  extends FreeAgentOptions, Pick<GuardedConnectorOptions, 'allow' | 'connectTimeoutMs' | 'ca'> {
  /** For tests. If absent the DNS for names that others choose, `dns.lookup` for allowed ones. */
  readonly lookup?: GuardedConnectorOptions['lookup'];
  /** For tests. `net.connect` if absent. */
  readonly dial?: GuardedConnectorOptions['dial'];
}

/**
 * An undici agent for addresses that others choose (webhooks, servers of accounts, media): HTTPS to public addresses on ports 443 and 80,
 * anything else only where `allow` says so. A refused request fails with `AddressRefusedError`, code `ADDRESS_REFUSED`, nothing sent.
 * HTTP/1.1 without pipelining: whether a request was sent must be known. It uses no proxy and follows no redirect by itself;
 * a client that follows one through this agent has the new address checked too.
 */
export function createGuardedAgent({
  allow,
  connectTimeoutMs,
  ca,
  lookup: given,
  dial = connect,
  ...agentOptions
}: GuardedAgentOptions): Agent {
  return new Agent({
    ...agentOptions,
    allowH2: false,
    pipelining: 1,
    connect: createGuardedConnector({
      allow,
      connectTimeoutMs,
      lookup: given ?? createNameLookup(),
      lookupAllowed: given ?? lookup,
      dial,
      ca,
    }),
  });
}
