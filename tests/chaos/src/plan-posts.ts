import { adapters } from '@vibetribe/platforms/registry';
import type { ChaosAccount, Operation } from './history.ts';
import type { Organization } from './organizations.ts';
import type { SeededRandom } from './seeded-random.ts';
import { strictSuffix } from './stand-in/start-stand-in.ts';
import type { UploadedMedia } from './upload-media.ts';

export interface PlanOptions {
  readonly organizations: readonly Organization[];
  /** By organization. */
  readonly media: ReadonlyMap<string, UploadedMedia>;
  /** Hosts whose accounts take an equal text again. */
  readonly twinHosts: readonly string[];
  readonly random: SeededRandom;
  /** Starts every token: no two runs meet. */
  readonly prefix: string;
  readonly posts: number;
}

type StepKind = 'edit' | 'reschedule' | 'unschedule' | 'cancel' | 'publish_now' | 'delete';

export interface Step {
  readonly kind: StepKind;
  readonly afterMs: number;
  readonly dueInMs: number;
}

/** What is known of a post before anything is asked: all draws are made here, so that a seed gives the same posts. */
export interface Plan {
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

export function planPosts(options: PlanOptions): Plan[] {
  const plans: Plan[] = [];
  while (plans.length < options.posts) {
    const twins = options.random.chance(shares.twin) ? planTwins(options, plans.length) : null;
    plans.push(...(twins ?? [planPost(options, plans.length)]));
  }
  return plans.slice(0, options.posts);
}

function planPost({ organizations, random, prefix, media }: PlanOptions, index: number): Plan {
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
function planTwins({ organizations, random, prefix, twinHosts }: PlanOptions, index: number): [Plan, Plan] | null {
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
