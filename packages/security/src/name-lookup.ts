import { type LookupAddress, promises as dns } from 'node:dns';
import { callbackify } from 'node:util';
import type { LookupAll } from './checked-lookup.ts';

/** Twice, the second time for twice as long: together less than a connection may take. */
const patience = { timeout: 1_000, tries: 2 };
const unknownNameCodes: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

/** Never in the DNS (RFC 6761): always this machine. */
const thisMachine = /(?:^|\.)localhost\.?$/iu;
const loopback: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/**
 * Looks up names that others choose, in the DNS alone. `dns.lookup` blocks one of the few threads that a process has for it, so that a
 * name whose server stays silent would keep every other name waiting. Its failures have the codes of `dns.lookup`.
 * @param servers for tests: the system's if absent
 */
export function createNameLookup(servers?: readonly string[]): LookupAll {
  const resolve = callbackify(async (hostname: string): Promise<LookupAddress[]> => {
    if (thisMachine.test(hostname)) return [...loopback];
    // A new one knows the system's servers as they are now.
    const resolver = new dns.Resolver(patience);
    if (servers !== undefined) resolver.setServers(servers);
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const [four, six] = answers;
    const found = [...addressesOf(four, 4), ...addressesOf(six, 6)];
    if (found.length === 0) throw lookupError(hostname, answers);
    return found;
  });
  return (hostname, _options, callback) => resolve(hostname, callback);
}

function addressesOf(answer: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : [];
}

function lookupError(hostname: string, answers: readonly PromiseSettledResult<string[]>[]): NodeJS.ErrnoException {
  const causes = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
  const cause = causes.find((each) => !unknownNameCodes.has(codeOf(each)));
  const code = cause === undefined ? 'ENOTFOUND' : 'EAI_AGAIN';
  return Object.assign(new Error(`no address of ${hostname} is known`, { cause: cause ?? causes[0] }), { code });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
