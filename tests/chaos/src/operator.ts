import { setTimeout as delay } from 'node:timers/promises';
import type { BreakablePostgres } from './breakable-postgres.ts';
import type { FinalPublication, OperatorCancel, VisiblePost } from './history.ts';
import { parseText } from './history.ts';
import type { Organization } from './organizations.ts';
import { readPosts } from './read-posts.ts';
import { placeOf } from './violation.ts';

interface OperatorOptions {
  readonly postgres: Pick<BreakablePostgres, 'sql'>;
  readonly organizations: readonly Organization[];
  /** Of a service admin. */
  readonly admin: Organization;
  /** What the platforms show now. */
  readonly visible: () => Promise<readonly VisiblePost[]>;
  readonly record: (canceled: OperatorCancel) => void;
}

/** What was being sent when the stop came has ended by then, and is shown: a lease, a send and a late acceptance. */
const settleMs = 10_000;
const lookEveryMs = 1_000;
const waitingStatuses = new Set(['scheduled', 'waiting', 'retrying']);

/**
 * Whoever runs the service, until aborted and no longer than a stop of the service holds. Where the service has stopped itself because its
 * database went back in time they do what docs/operations.md says: wait, call off what the platforms show already, or say that it is out, lift the stop.
 * @returns how many stops were lifted
 */
export async function operate(options: OperatorOptions, signal: AbortSignal): Promise<number> {
  let lifted = 0;
  for (;;) {
    const isOver = signal.aborted;
    const pauseId = await ownStop(options).catch(() => null);
    if (pauseId !== null && (await comparedAndLifted(options, pauseId).catch(() => false))) lifted += 1;
    if (isOver && pauseId === null) return lifted;
    await delay(lookEveryMs, undefined, { signal: isOver ? undefined : signal }).catch(() => undefined);
  }
}

async function ownStop({ postgres }: OperatorOptions): Promise<string | null> {
  const rows = await postgres.sql(
    `select id from pauses where organization_id is null and lifted_at is null and created_by = 'service'`,
  );
  return rows[0] === undefined ? null : String(rows[0]['id']);
}

async function comparedAndLifted(options: OperatorOptions, pauseId: string): Promise<boolean> {
  await delay(settleMs);
  const visible = await options.visible();
  for (const organization of options.organizations) {
    // What lifting would let out is shown to each; what is due later and was sent early is not among it.
    await organization.client.read('GET', `/pauses/${pauseId}/preview`);
    await callOffVisible(organization, visible, options.record);
  }
  return (await options.admin.client.send({ method: 'DELETE', path: `/pauses/${pauseId}` })).result === 'ok';
}

/** What is in doubt is left to the service: it asks the platform itself before it sends anything. */
async function callOffVisible(
  organization: Organization,
  visible: readonly VisiblePost[],
  record: OperatorOptions['record'],
): Promise<void> {
  const accounts = new Map(organization.accounts.map((account) => [account.accountId, account]));
  const shown = Map.groupBy(visible, (line) => `${placeOf(line)} ${parseText(line.text)?.token}`);
  for (const { postId, content, publications } of await readPosts(organization)) {
    const token = parseText(content)?.token ?? '';
    const linesOf = ({ accountId, status, waitingFor }: FinalPublication) => {
      const account = accounts.get(accountId);
      const isHeld = waitingStatuses.has(status) && waitingFor?.reason !== 'reconciling';
      return account === undefined || !isHeld ? [] : (shown.get(`${placeOf(account)} ${token}`) ?? []);
    };
    const out = publications.filter((publication) => linesOf(publication).length > 0);
    const left: FinalPublication[] = [];
    for (const publication of out)
      if (!(await toldParts(organization, publication, linesOf(publication)))) left.push(publication);
    if (left.length > 0) await callOff(organization, postId, { token, out: left, record });
  }
}

/** Says of a thread which of its parts are out: what is partly out cannot be called off. False: it is none, or nothing was taken. */
async function toldParts(
  { client }: Organization,
  { publicationId, parts }: FinalPublication,
  lines: readonly VisiblePost[],
): Promise<boolean> {
  if (parts.length === 1) return false;
  const known = parts.filter((id) => id !== null).length;
  for (let index = known; index < parts.length; index += 1) {
    const line = lines.find(({ text }) => parseText(text)?.part === index);
    if (line === undefined) return index > 0;
    if (!(await toldPart(client, publicationId ?? '', line.id))) return index > 0;
  }
  return true;
}

/** Between two parts it is taken up once, and held back again. */
async function toldPart(
  client: Organization['client'],
  publicationId: string,
  platformPostId: string,
): Promise<boolean> {
  const path = `/publications/${publicationId}/resolve`;
  for (let tries = 0; tries < 5; tries += 1) {
    const { result } = await client.send({ method: 'POST', path, body: { outcome: 'published', platformPostId } });
    if (result === 'ok') return true;
    await delay(lookEveryMs);
  }
  return false;
}

async function callOff(
  { client }: Organization,
  postId: string,
  { token, out, record }: { token: string; out: readonly FinalPublication[]; record: OperatorOptions['record'] },
): Promise<void> {
  // The answer may be lost on its way.
  for (const { accountId } of out) record({ token, accountId, atMs: Date.now() });
  const { result, body } = await client.send({ method: 'POST', path: `/posts/${postId}/cancel`, body: {} });
  if (result !== 'ok') return;
  for (const { accountId, status } of (body as { publications: { accountId: string; status: string }[] }).publications)
    if (status === 'canceled') record({ token, accountId, atMs: Date.now() });
}
