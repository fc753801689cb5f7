import { setTimeout as delay } from 'node:timers/promises';
import type { Reply } from './api-client.ts';
import { type Operation, type OperationKind, textOf } from './history.ts';
import type { Organization } from './organizations.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface WorkloadOptions {
  readonly organizations: readonly Organization[];
  readonly random: SeededRandom;
  /** Starts every token: no two runs meet. */
  readonly prefix: string;
  readonly posts: number;
  /** The creations are spread evenly over this. */
  readonly durationMs: number;
  readonly record: (operation: Operation) => void;
}

/** What is known of a post before anything is asked: all draws are made here, so that a seed gives the same posts. */
interface Plan {
  readonly token: string;
  readonly organization: Organization;
  readonly accountIds: readonly string[];
  readonly dueInMs: number;
  readonly later: { readonly kind: OperationKind; readonly afterMs: number; readonly dueInMs: number } | null;
}

/** Enough that the posts go on while some wait for a process that is frozen. */
const clientsPerOrganization = 60;
const followUps = [
  { kind: 'edit', weight: 6 },
  { kind: 'cancel', weight: 5 },
  { kind: 'publish_now', weight: 4 },
  { kind: 'delete', weight: 3 },
] as const;

/** Clients of several organizations create posts, and edit, cancel, delete and hurry some of them, around their time too. */
export async function runWorkload(options: WorkloadOptions): Promise<void> {
  const plans = Array.from({ length: options.posts }, (_, index) => planPost(options, index));
  const startedAtMs = Date.now();
  const followUpsUnderWay: Promise<void>[] = [];
  const queues = Map.groupBy(plans.entries(), ([, { organization }]) => organization);
  const client = async (queue: [number, Plan][]) => {
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
      const [index, plan] = entry;
      await delay(Math.max(0, startedAtMs + (index / options.posts) * options.durationMs - Date.now()));
      const created = await create(plan, options.record);
      if (created.postId !== null && plan.later !== null)
        followUpsUnderWay.push(followUp(plan, plan.later, created.postId, options.record));
    }
  };
  await Promise.all(
    [...queues.values()].flatMap((queue) => Array.from({ length: clientsPerOrganization }, () => client(queue))),
  );
  await Promise.all(followUpsUnderWay);
}

function planPost({ organizations, random, prefix }: WorkloadOptions, index: number): Plan {
  const organization = random.pick(organizations);
  const accountIds = random.sample(organization.accounts, random.between(1, 3)).map(({ accountId }) => accountId);
  const dueInMs = random.between(1_000, 20_000);
  const kind = random.pickWeighted(followUps).kind;
  // Around the time at which it is due, where it is hardest.
  const afterMs = Math.max(0, random.chance(0.5) ? dueInMs + random.between(-400, 600) : random.between(0, dueInMs));
  const later = random.chance(0.18) ? { kind, afterMs, dueInMs: random.between(1_000, 15_000) } : null;
  return { token: `${prefix}-${index}`, organization, accountIds, dueInMs, later };
}

async function create(plan: Plan, record: WorkloadOptions['record']): Promise<Operation> {
  const { client } = plan.organization;
  const dueAtMs = Date.now() + plan.dueInMs;
  const operation = await timed(plan, 'create', null, () =>
    client.send({
      method: 'POST',
      path: '/posts',
      body: {
        content: textOf(plan.token, 1),
        accountIds: plan.accountIds,
        scheduledAt: new Date(dueAtMs).toISOString(),
      },
      idempotencyKey: `create-${plan.token}`,
    }),
  );
  const postId = operation.reply.result === 'ok' ? (operation.reply.body as { id: string }).id : null;
  const created = { ...operation.entry, postId, accountIds: plan.accountIds, revision: 1, dueAtMs };
  record(created);
  return created;
}

async function followUp(
  plan: Plan,
  later: NonNullable<Plan['later']>,
  postId: string,
  record: WorkloadOptions['record'],
): Promise<void> {
  const { client } = plan.organization;
  await delay(later.afterMs);
  switch (later.kind) {
    case 'edit': {
      const dueAtMs = Date.now() + later.dueInMs;
      const body = { content: textOf(plan.token, 2), scheduledAt: new Date(dueAtMs).toISOString() };
      const { entry } = await timed(plan, 'edit', postId, () =>
        client.send({ method: 'PUT', path: `/posts/${postId}`, body }),
      );
      return record({ ...entry, revision: 2, dueAtMs });
    }
    case 'cancel': {
      const { entry, reply } = await timed(plan, 'cancel', postId, () =>
        client.send({ method: 'POST', path: `/posts/${postId}/cancel`, body: {} }),
      );
      return record({ ...entry, canceledAccountIds: reply.result === 'ok' ? canceledIn(reply) : [] });
    }
    case 'publish_now': {
      const request = {
        method: 'POST',
        path: `/posts/${postId}/publish`,
        body: {},
        idempotencyKey: `now-${plan.token}`,
      };
      return record((await timed(plan, 'publish_now', postId, () => client.send(request))).entry);
    }
    case 'delete':
      return record(
        (await timed(plan, 'delete', postId, () => client.send({ method: 'DELETE', path: `/posts/${postId}` }))).entry,
      );
    case 'create':
      throw new RangeError('a post is created once');
  }
}

async function timed(
  { token, organization }: Plan,
  kind: OperationKind,
  postId: string | null,
  ask: () => Promise<Reply>,
): Promise<{ entry: Operation; reply: Reply }> {
  const startedAtMs = Date.now();
  const reply = await ask();
  const { organizationId } = organization;
  return {
    reply,
    entry: { kind, organizationId, token, postId, startedAtMs, endedAtMs: Date.now(), result: reply.result },
  };
}

function canceledIn({ body }: Reply): string[] {
  const { publications } = body as { publications: { accountId: string; status: string }[] };
  return publications.flatMap(({ accountId, status }) => (status === 'canceled' ? [accountId] : []));
}
