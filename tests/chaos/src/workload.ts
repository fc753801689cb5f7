import { setTimeout as delay } from 'node:timers/promises';
import type { Reply } from './api-client.ts';
import { neverMs, type Operation, type OperationKind, textOf } from './history.ts';
import { type Plan, planPosts, type PlanOptions, type Step } from './plan-posts.ts';

export interface WorkloadOptions extends PlanOptions {
  /** The creations are spread evenly over this; on a machine too slow for them those that are left after twice the time are left out. */
  readonly durationMs: number;
  readonly record: (operation: Operation) => void;
}

/** Enough that the posts go on while some wait for a process that is frozen. */
const clientsPerOrganization = 60;

/** Clients of several organizations create posts, and edit, move, cancel, delete and hurry some of them, around their time too. */
export async function runWorkload(options: WorkloadOptions): Promise<void> {
  const plans = planPosts(options);
  const startedAtMs = Date.now();
  const stepsUnderWay: Promise<void>[] = [];
  const queues = Map.groupBy(plans.entries(), ([, { organization }]) => organization);
  const client = async (queue: [number, Plan][]) => {
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
      if (Date.now() > startedAtMs + 2 * options.durationMs) return;
      const [index, plan] = entry;
      await delay(Math.max(0, startedAtMs + (index / options.posts) * options.durationMs - Date.now()));
      const created = await create(plan, options.record);
      if (created.postId !== null && plan.steps.length > 0)
        stepsUnderWay.push(changeInTurn(plan, created.postId, options.record));
    }
  };
  await Promise.all(
    [...queues.values()].flatMap((queue) => Array.from({ length: clientsPerOrganization }, () => client(queue))),
  );
  await Promise.all(stepsUnderWay);
}

/** The parts after the first. */
function threadOf(
  { token, parts }: Pick<Plan, 'token' | 'parts'>,
  revision: number,
): { thread?: { content: string }[] } {
  if (parts === 1) return {};
  return { thread: Array.from({ length: parts - 1 }, (_, index) => ({ content: textOf(token, revision, index + 1) })) };
}

async function create(plan: Plan, record: WorkloadOptions['record']): Promise<Operation> {
  const { client } = plan.organization;
  const dueAtMs = Date.now() + plan.dueInMs;
  const { entry, reply } = await timed(plan, 'create', null, () =>
    client.send({
      method: 'POST',
      path: '/posts',
      body: {
        content: textOf(plan.token, 1),
        accountIds: plan.accountIds,
        ...(plan.isDraft ? { draft: true } : { scheduledAt: new Date(dueAtMs).toISOString() }),
        ...(plan.misfire === null ? {} : { misfire: plan.misfire }),
        ...(plan.mediaIds.length === 0 ? {} : { mediaIds: plan.mediaIds }),
        ...threadOf(plan, 1),
      },
      idempotencyKey: `create-${plan.key}`,
    }),
  );
  const postId = reply.result === 'ok' ? (reply.body as { id: string }).id : null;
  const created = {
    ...entry,
    postId,
    accountIds: plan.accountIds,
    revision: 1,
    dueAtMs: plan.isDraft ? neverMs : dueAtMs,
    ...(plan.misfire === null ? {} : { misfire: plan.misfire }),
    ...(plan.isTwin ? { isTwin: true } : {}),
    ...(plan.parts === 1 ? {} : { parts: plan.parts }),
  };
  record(created);
  return created;
}

/** One after the other, each at its time or as soon as the one before was answered. */
async function changeInTurn(plan: Plan, postId: string, record: WorkloadOptions['record']): Promise<void> {
  const startedAtMs = Date.now();
  const inOrder = plan.steps.toSorted((one, other) => one.afterMs - other.afterMs);
  for (const [index, step] of inOrder.entries()) {
    await delay(Math.max(0, startedAtMs + step.afterMs - Date.now()));
    await changePost(plan, step, { postId, revision: index + 2 }, record);
  }
}

async function changePost(
  plan: Plan,
  step: Step,
  { postId, revision }: { postId: string; revision: number },
  record: WorkloadOptions['record'],
): Promise<void> {
  const { client } = plan.organization;
  const path = `/posts/${postId}`;
  const dueAtMs = Date.now() + step.dueInMs;
  const scheduledAt = new Date(dueAtMs).toISOString();
  switch (step.kind) {
    case 'edit': {
      const body = { content: textOf(plan.token, revision), ...threadOf(plan, revision), scheduledAt };
      const { entry, reply } = await timed(plan, 'edit', postId, () => client.send({ method: 'PUT', path, body }));
      return record({ ...entry, revision, dueAtMs, ...mendIn(reply) });
    }
    case 'reschedule': {
      const { entry, reply } = await timed(plan, 'reschedule', postId, () =>
        client.send({ method: 'PUT', path, body: { scheduledAt } }),
      );
      return record({ ...entry, dueAtMs, ...mendIn(reply) });
    }
    case 'unschedule': {
      const { entry } = await timed(plan, 'unschedule', postId, () =>
        client.send({ method: 'PUT', path, body: { scheduledAt: null } }),
      );
      return record({ ...entry, dueAtMs: neverMs });
    }
    case 'cancel': {
      const { entry, reply } = await timed(plan, 'cancel', postId, () =>
        client.send({ method: 'POST', path: `${path}/cancel`, body: {} }),
      );
      return record({ ...entry, canceledAccountIds: reply.result === 'ok' ? canceledIn(reply) : [] });
    }
    case 'publish_now': {
      const request = {
        method: 'POST',
        path: `${path}/publish`,
        body: {},
        idempotencyKey: `now-${plan.token}-${revision}`,
      };
      return record((await timed(plan, 'publish_now', postId, () => client.send(request))).entry);
    }
    case 'delete':
      return record((await timed(plan, 'delete', postId, () => client.send({ method: 'DELETE', path }))).entry);
  }
}

async function timed(
  { token, organization }: Pick<Plan, 'token' | 'organization'>,
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

/** Copies that were neither drafts nor waiting for their time keep what they have. */
function mendIn({ result, body }: Reply): { isMend?: true } {
  if (result !== 'ok') return {};
  const { publications } = body as { publications: { status: string }[] };
  const resting = new Set(['draft', 'scheduled', 'canceled', 'skipped']);
  return publications.every(({ status }) => resting.has(status)) ? {} : { isMend: true };
}

function canceledIn({ body }: Reply): string[] {
  const { publications } = body as { publications: { accountId: string; status: string }[] };
  return publications.flatMap(({ accountId, status }) => (status === 'canceled' ? [accountId] : []));
}
