import { type ChaosOptions, commandOf } from './chaos-options.ts';
import { type History, parseText } from './history.ts';
import type { ChaosRun } from './run-chaos.ts';
import { unconfirmedReasonOf } from './unconfirmed-reasons.ts';

const violationsShownMax = 40;

/** The run as a person reads it. */
export function chaosSummary(options: ChaosOptions, run: ChaosRun): string {
  const { history, violations } = run;
  const { operations, posts, faults } = history;
  const publications = posts.flatMap((post) => post.publications);
  const struck = faults.filter(({ kind }) => !kind.endsWith(', failed'));
  const lateness = latenessMs(history);
  const timelines = spreadOf(run.stored.map(({ events }) => events.length));
  const lines = [
    `command          ${commandOf(options)}`,
    `posts            ${operations.filter(({ kind, result }) => kind === 'create' && result === 'ok').length} acknowledged, ${publications.length} publications, ${history.visible.length} visible`,
    `asked for        ${tally(operations.map(({ kind, result }) => `${kind} ${result}`))}`,
    `stops            ${history.stops.length}, lifted again`,
    `faults           ${struck.length} (${faults.length - struck.length} could not be made)`,
    ...tallyOf(struck.map(({ kind }) => kind)).map(([kind, count]) => `  ${String(count).padStart(5)}  ${kind}`),
    `ended as         ${tally(publications.map(({ status }) => status))}`,
    `failed with      ${tally(publications.flatMap(({ status, error }) => (status === 'failed' ? [`${error?.category ?? 'nothing'} ${error?.code ?? ''}`] : [])))}`,
    `unconfirmed      ${tally(unconfirmedFor(history))}`,
    `runs             ${run.stored.length} stored histories replayed; timelines have ${timelines.p50} entries, 99 of 100 at most ${timelines.p99}, the longest ${timelines.max}`,
    `by hand          ${history.visible.filter(({ byHand }) => byHand === true).length} posts; ${history.disconnects.length} accounts disconnected; ${history.clockPeriods.length} changes of the database's clock`,
    `rewinds          ${history.rewinds?.length ?? 0} times the database went back; ${run.liftedStops} stops of the service's own, ${history.operatorCancels?.length ?? 0} posts called off as they were out`,
    `late by          p50 ${lateness.p50} ms, p99 ${lateness.p99} ms, at most ${lateness.max} ms`,
    `quiet after      ${Math.round(run.quietAfterMs / 1000)} s without faults`,
    `reconnected      ${run.reconnects.connected} accounts; ${run.reconnects.failures.length} tries failed${lastOf(run.reconnects.failures)}`,
    `crashes          ${tally(Object.entries(run.crashes).flatMap(([name, count]) => Array.from({ length: count }, () => name)))}`,
    `unwell           ${tally(run.unwell)}`,
    `violations       ${violations.length === 0 ? 'none' : tally(violations.map(({ kind }) => kind))}`,
    ...violations
      .slice(0, violationsShownMax)
      .map(({ kind, token, accountId, detail }) => `  ${kind}: ${token ?? '-'} on ${accountId ?? '-'}: ${detail}`),
  ];
  return lines.join('\n');
}

function lastOf(failures: readonly string[]): string {
  const last = failures.at(-1);
  return last === undefined ? '' : `, the last: ${last}`;
}

function unconfirmedFor({ posts, accounts }: History): string[] {
  const hosts = new Map(accounts.map(({ accountId, hostName }) => [accountId, hostName]));
  const unconfirmed = posts.flatMap((post) => post.publications.filter(({ status }) => status === 'unconfirmed'));
  return unconfirmed.map(
    ({ accountId, error }) =>
      `on ${hosts.get(accountId) ?? 'unknown'} (${unconfirmedReasonOf(error?.message ?? '') ?? error?.message ?? 'no reason'})`,
  );
}

/** Against the time asked for, or the time at which the API acknowledged the post where that was later. */
function latenessMs({ operations, visible }: History): { p50: number; p99: number; max: number } {
  const due = new Map<string, number>();
  for (const { token, dueAtMs, revision, endedAtMs } of operations) {
    if (dueAtMs !== undefined) due.set(`${token} ${revision}`, Math.max(dueAtMs, endedAtMs));
  }
  const late = visible.flatMap(({ text, receivedAtMs }) => {
    const parsed = parseText(text);
    const dueAtMs = parsed === null ? undefined : due.get(`${parsed.token} ${parsed.revision}`);
    return dueAtMs === undefined ? [] : [Math.max(0, receivedAtMs - dueAtMs)];
  });
  return spreadOf(late);
}

function spreadOf(values: readonly number[]): { p50: number; p99: number; max: number } {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function tally(names: readonly string[]): string {
  return (
    tallyOf(names)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'none'
  );
}

function tallyOf(names: readonly string[]): [string, number][] {
  return [...Map.groupBy(names, (name) => name)]
    .map(([name, all]): [string, number] => [name, all.length])
    .toSorted(([, one], [, other]) => other - one);
}
