import { setTimeout as delay } from 'node:timers/promises';
import type { AccountPeriod, ChaosAccount, Operation } from './history.ts';
import { parseText, textOf } from './history.ts';
import type { PlatformHost } from './hosts.ts';
import type { Organization, Reconnects } from './organizations.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { StandIn } from './stand-in/start-stand-in.ts';

interface PeopleOptions {
  readonly organizations: readonly Organization[];
  readonly standIn: StandIn | null;
  readonly random: SeededRandom;
  readonly record: (operation: Operation) => void;
}

interface PostList {
  readonly items: {
    readonly id: string;
    readonly content: string;
    readonly publications: {
      readonly id: string;
      readonly accountId: string;
      readonly platform: string;
      readonly status: string;
      readonly platformPostId: string | null;
      readonly waitingFor: { readonly reason: string } | null;
    }[];
  }[];
}

const lookEveryMs = 1_000;

/**
 * The people of the organizations, until aborted: they connect again what has ended, decide on what is late, try again once what has
 * failed, and take down some of what they see published.
 */
export async function attend(options: PeopleOptions, signal: AbortSignal): Promise<Reconnects> {
  let connected = 0;
  const failures: string[] = [];
  // Each for itself: an organization that gets no answer does not keep the others waiting.
  const attendOne = async (organization: Organization, random: SeededRandom) => {
    const person = createPerson(organization, { ...options, random });
    for (let turn = 0; !signal.aborted; turn += 1) {
      const told = await organization
        .reconnect()
        .catch((error: unknown) => ({ connected: 0, failures: [String(error)] }));
      connected += told.connected;
      failures.push(...told.failures);
      await person.look(turn).catch(() => undefined);
      await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  };
  await Promise.all(
    options.organizations.map((organization, index) => attendOne(organization, options.random.fork(String(index)))),
  );
  return { connected, failures };
}

/** Looks at one list a turn, as each costs. */
const lists = ['published', 'needs_attention', 'failed', 'partially_published'] as const;
const takeDownChance = 0.02;

function createPerson(
  { client, organizationId }: Organization,
  { standIn, random, record }: Omit<PeopleOptions, 'organizations'>,
) {
  const seen = new Set<string>();
  /** A person who decides anew on what came back does not repeat the decision before. */
  let acts = 0;
  const noteOnce = (id: string) => !seen.has(id) && seen.add(id) !== undefined;
  const settle = async (
    path: string,
    body: object,
    about: Pick<Operation, 'kind' | 'token' | 'postId' | 'decision'>,
  ) => {
    const startedAtMs = Date.now();
    acts += 1;
    const idempotencyKey = `${about.kind}-${path}-${acts}`;
    const { result } = await client.send({ method: 'POST', path, body, idempotencyKey });
    record({ ...about, organizationId, startedAtMs, endedAtMs: Date.now(), result });
    return result;
  };
  return {
    async look(turn: number) {
      const status = lists[turn % lists.length] ?? 'published';
      const { items } = await client.read<PostList>('GET', `/posts?status=${status}&limit=100`);
      for (const { id: postId, content, publications } of items) {
        const token = parseText(content)?.token ?? '';
        for (const { id, accountId, platform, status: own, platformPostId, waitingFor } of publications) {
          if (own === 'published' && platformPostId !== null && noteOnce(id)) {
            standIn?.noteKnown(platform, platformPostId);
            if (random.chance(takeDownChance)) standIn?.deleteByHand(platform, platformPostId);
          }
          if (own === 'waiting' && waitingFor?.reason === 'decision') {
            const outcome = random.pick(['publish', 'skip'] as const);
            const decision = { accountId, outcome };
            await settle(`/publications/${id}/resolve`, { outcome }, { kind: 'decide', token, postId, decision });
          }
        }
        if (publications.some((each) => each.status === 'failed') && noteOnce(`retry ${postId}`))
          await settle(`/posts/${postId}/retry`, {}, { kind: 'retry', token, postId });
      }
    },
  };
}

const disconnectPauseMs = { min: 4_000, max: 12_000 };

/** Disconnects an account, again and again, until aborted; attentive people connect it anew. */
export async function disconnectAccounts(
  organizations: readonly Organization[],
  random: SeededRandom,
  record: (period: AccountPeriod) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await delay(random.between(disconnectPauseMs.min, disconnectPauseMs.max), undefined, { signal }).catch(
      () => undefined,
    );
    const organization = random.pick(organizations);
    const { accountId } = random.pick(organization.accounts);
    if (signal.aborted) return;
    const fromMs = Date.now();
    await organization.client.send({ method: 'DELETE', path: `/accounts/${accountId}` });
    record({ accountId, fromMs, untilMs: Date.now() });
  }
}

const handPauseMs = { min: 500, max: 2_500 };

/**
 * Somebody posts in the platforms' own applications, until aborted: texts of their own, and, where posts name their application, the very
 * text of a post that is to go out.
 */
export async function postByHand(
  options: {
    readonly hosts: readonly PlatformHost[];
    readonly accounts: readonly ChaosAccount[];
    readonly random: SeededRandom;
    readonly operations: readonly Operation[];
  },
  signal: AbortSignal,
): Promise<void> {
  const { random, operations } = options;
  const sites = new Map(options.hosts.flatMap(({ name, site }) => (site === null ? [] : [[name, site] as const])));
  const accounts = options.accounts.filter(({ hostName }) => sites.has(hostName));
  for (let count = 1; !signal.aborted && accounts.length > 0; count += 1) {
    await delay(random.between(handPauseMs.min, handPauseMs.max), undefined, { signal }).catch(() => undefined);
    const { hostName, handle, accountId } = random.pick(accounts);
    const api = sites.get(hostName)?.api;
    const copied =
      hostName === 'plain' ? operations.findLast((each) => each.accountIds?.includes(accountId)) : undefined;
    const text = copied === undefined ? `By hand, number ${count}: nothing to see here` : textOf(copied.token, 1);
    api?.postByHand(api.memory.account(handle), text);
  }
}
