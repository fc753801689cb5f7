import { randomInt } from 'node:crypto';
import type { Caller } from '../site.ts';
import type { Fault, FaultKind, FaultSpec } from './fault.ts';
import { createSeededRandom } from './seeded-random.ts';

/** What a fault can match on. */
export type FaultProbe = {
  platform: string;
  site: string;
  method: string;
  path: string;
  caller: Caller | undefined;
  /** Whether a name given by the control API (id or handle) means this account. */
  isAccount: (name: string, account: string) => boolean;
};

export type FaultBook = {
  add(spec: FaultSpec): Fault;
  remove(id: string): boolean;
  clear(): number;
  list(): readonly Fault[];
  /** The oldest fault of these kinds that strikes now; it counts as fired. */
  strike(probe: FaultProbe, kinds: ReadonlySet<FaultKind>): Fault | undefined;
  /** The longest lag that holds for this listing. */
  listingLagMs(probe: FaultProbe): number;
};

const defaultLagMs = 5000;
const lagKinds: ReadonlySet<FaultKind> = new Set(['listing-lag']);

export function createFaultBook(): FaultBook {
  const faults = new Map<string, Fault>();
  let lastId = 0;

  return {
    add(spec) {
      lastId += 1;
      const seed = spec.seed ?? randomInt(2 ** 32);
      const counts = { matched: 0, fired: 0, revokedGrants: new Set<string>() };
      const fault = { ...spec, ...counts, id: `fault-${lastId}`, seed, draw: createSeededRandom(seed) };
      faults.set(fault.id, fault);
      return fault;
    },
    remove: (id) => faults.delete(id),
    clear() {
      const count = faults.size;
      faults.clear();
      return count;
    },
    list: () => [...faults.values()],
    strike(probe, kinds) {
      for (const fault of faults.values()) {
        if (kinds.has(fault.kind) && (holdsRevoked(fault, probe) || fires(fault, probe))) return fault;
      }
      return undefined;
    },
    listingLagMs(probe) {
      let lagMs = 0;
      for (const fault of faults.values()) {
        if (lagKinds.has(fault.kind) && fires(fault, probe)) lagMs = Math.max(lagMs, fault.delayMs ?? defaultLagMs);
      }
      return lagMs;
    },
  };
}

/** A token does not come back to life because the fault that revoked it has had its number of strikes. */
function holdsRevoked(fault: Fault, { caller }: FaultProbe): boolean {
  return fault.kind === 'token-revoked' && typeof caller?.grant === 'string' && fault.revokedGrants.has(caller.grant);
}

function fires(fault: Fault, probe: FaultProbe): boolean {
  if (!matches(fault, probe)) return false;
  if (fault.times !== undefined && fault.fired >= fault.times) return false;
  fault.matched += 1;
  if (fault.matched <= (fault.skip ?? 0)) return false;
  if (fault.probability !== undefined && fault.draw() >= fault.probability) return false;
  fault.fired += 1;
  const grant = probe.caller?.grant;
  if (fault.kind === 'token-revoked' && typeof grant === 'string') fault.revokedGrants.add(grant);
  return true;
}

function matches(fault: Fault, probe: FaultProbe): boolean {
  const { platform, account, pathIncludes, method } = fault;
  return (
    (platform === undefined || platform === probe.platform || platform === probe.site) &&
    (pathIncludes === undefined || probe.path.includes(pathIncludes)) &&
    (method === undefined || method.toUpperCase() === probe.method) &&
    (account === undefined || (probe.caller !== undefined && probe.isAccount(account, probe.caller.account))) &&
    concerns(fault.kind, probe.caller)
  );
}

/** A fault of a token needs a request that shows one. */
function concerns(kind: FaultKind, caller: Caller | undefined): boolean {
  if (kind === 'token-expired' || kind === 'permission' || kind === 'account-blocked') return caller?.use === 'access';
  if (kind === 'token-revoked') return caller !== undefined && caller.grant !== null;
  return true;
}
