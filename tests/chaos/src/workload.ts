import { setTimeout as delay } from 'node:timers/promises';
import { adapters } from '@vibetribe/platforms/registry';
import type { Reply } from './api-client.ts';
import { type ChaosAccount, neverMs, type Operation, type OperationKind, textOf } from './history.ts';
import type { Organization } from './organizations.ts';
import type { SeededRandom } from './seeded-random.ts';
import { strictSuffix } from './stand-in/start-stand-in.ts';
import type { UploadedMedia } from './upload-media.ts';

export interface WorkloadOptions {
  readonly organizations: readonly Organization[];
  /** By organization. */
  readonly media: ReadonlyMap<string, UploadedMedia>;
  /** Hosts whose accounts take an equal text again. */
  readonly twinHosts: readonly string[];
  readonly random: SeededRandom;
  /** Starts every token: no two runs meet. */
  readonly prefix: string;
  readonly posts: number;
  /** The creations are spread evenly over this; on a machine too slow for them those that are left after twice the time are left out. */
  readonly durationMs: number;
  readonly record: (operation: Operation) => void;
}

type StepKind = 'edit' | 'reschedule' | 'unschedule' | 'cancel' | 'publish_now' | 'delete';

interface Step {
  readonly kind: StepKind;
  readonly afterMs: number;
  readonly dueInMs: number;
}

/** What is known of a post before anything is asked: all draws are made here, so that a seed gives the same posts. */
interface Plan {
  readonly token: string;
  /** Of its creation: twins share a token. */
  readonly key: string;
  readonly isTwin: boolean;
  readonly organization: Organization;
  readonly accountIds: readonly string[];
  readonly dueInMs: number;
  readonly isDraft: boolean;
  readonly misfire: NonNullable<Operation['misfire']> | null;
  readonly mediaIds: readonly string[];
  readonly parts: number;
  readonly steps: readonly Step[];
}

/** Enough that the posts go on while some wait for a process that is frozen. */
const clientsPerOrganization = 60;
const stepKinds = [
  { kind: 'edit', weight: 6 },
  { kind: 'reschedule', weight: 4 },
  { kind: 'unschedule', weight: 2 },
  { kind: 'cancel', weight: 4 },
  { kind: 'publish_now', weight: 4 },
  { kind: 'delete', weight: 3 },
] as const;
const shares = {
  changed: 0.2,
  chained: 0.4,
  draft: 0.04,
  misfire: 0.08,
  media: 0.05,
  twin: 0.04,
  thread: 0.12,
} as const;

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

function planPosts(options: WorkloadOptions): Plan[] {
  const plans: Plan[] = [];
  while (plans.length < options.posts) {
    const twins = options.random.chance(shares.twin) ? planTwins(options, plans.length) : null;
    plans.push(...(twins ?? [planPost(options, plans.length)]));
  }
  return plans.slice(0, options.posts);
}

function planPost({ organizations, random, prefix, media }: WorkloadOptions, index: number): Plan {
  const organization = random.pick(organizations);
  const parts = random.chance(shares.thread) ? random.between(2, 3) : 1;
  const eligible = parts === 1 ? organization.accounts : organization.accounts.filter(takesThreads);
  const accounts = random.sample(eligible, random.between(1, 3));
  const dueInMs = random.between(1_000, 20_000);
  const isDraft = random.chance(shares.draft);
  const maxLateSeconds = random.between(4, 20);
  const uploaded = media.get(organization.organizationId);
  const token = `${prefix}-${index}`;
  return {
    token,
    key: token,
    isTwin: false,
    organization,
    accountIds: accounts.map(({ accountId }) => accountId),
    dueInMs,
    isDraft,
    misfire: random.chance(shares.misfire) ? { policy: random.pick(['skip', 'ask'] as const), maxLateSeconds } : null,
    mediaIds: uploaded === undefined ? [] : pickMedia(random, accounts, uploaded),
    parts,
    steps: planSteps(random, dueInMs, isDraft),
  };
}

const rulesOf = ({ platform }: ChaosAccount) => adapters[platform as keyof typeof adapters].rules;
const takesThreads = (account: ChaosAccount) => rulesOf(account).thread !== null;
const wantsVideo = (account: ChaosAccount) => (rulesOf(account).media.videosMin ?? 0) > 0;
const wantsMedia = (account: ChaosAccount) => rulesOf(account).media.required;

function pickMedia(random: SeededRandom, accounts: readonly ChaosAccount[], uploaded: UploadedMedia): string[] {
  if (accounts.some(wantsVideo)) return [uploaded.video];
  return random.chance(shares.media) || accounts.some(wantsMedia) ? [random.pick(uploaded.pictures)] : [];
}

/** The parts after the first. */
function threadOf(
  { token, parts }: Pick<Plan, 'token' | 'parts'>,
  revision: number,
): { thread?: { content: string }[] } {
  if (parts === 1) return {};
  return { thread: Array.from({ length: parts - 1 }, (_, index) => ({ content: textOf(token, revision, index + 1) })) };
}

function planSteps(random: SeededRandom, dueInMs: number, isDraft: boolean): Step[] {
  const step = (kind: StepKind): Step => ({
    kind,
    // Around the time at which it is due, where it is hardest.
    afterMs: Math.max(0, random.chance(0.5) ? dueInMs + random.between(-400, 600) : random.between(0, dueInMs)),
    dueInMs: random.between(1_000, 15_000),
  });
  const steps = isDraft ? [step('reschedule')] : [];
  if (!random.chance(shares.changed)) return steps;
  do steps.push(step(random.pickWeighted(stepKinds).kind));
  while (steps.length < 4 && random.chance(shares.chained));
  return steps;
}

/** The same text at the same moment: on one account, or on one that two organizations have connected. */
function planTwins({ organizations, random, prefix, twinHosts }: WorkloadOptions, index: number): [Plan, Plan] | null {
  const organization = random.pick(organizations);
  const takes = ({ hostName, handle }: ChaosAccount) => twinHosts.includes(hostName) && !handle.endsWith(strictSuffix);
  const accounts = organization.accounts.filter(takes);
  if (accounts.length === 0) return null;
  const account = random.pick(accounts);
  const others = organizations.flatMap((other) =>
    other.accounts.filter((each) => each.externalId === account.externalId && each.platform === account.platform),
  );
  const second = random.pick(others);
  const owner = organizations.find(({ organizationId }) => organizationId === second.organizationId) ?? organization;
  const token = `${prefix}-${index}`;
  const dueInMs = random.between(2_000, 10_000);
  const twin = (key: string, own: Organization, { accountId }: ChaosAccount): Plan => ({
    token,
    key,
    isTwin: true,
    organization: own,
    accountIds: [accountId],
    dueInMs,
    isDraft: false,
    misfire: null,
    mediaIds: [],
    parts: 1,
    steps: [],
  });
  return [twin(`${token}-one`, organization, account), twin(`${token}-two`, owner, second)];
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
