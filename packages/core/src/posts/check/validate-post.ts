import { setImmediate } from 'node:timers/promises';
import type { CreatePost, ValidationReport } from '@vibetribe/contracts/post';
import type { ContentFinding } from '@vibetribe/platforms/port/content';
import { createTextMeasure } from '@vibetribe/platforms/text/text-measure';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { requireRight } from '../../identity/authorize.ts';
import type { MediaDependencies } from '../../media/media-dependencies.ts';
import { findLostFiles } from '../../media/find-lost-files.ts';
import { readPostMedia } from '../../media/read-post-media.ts';
import { type AccountContent, contentFindings } from './content-faults.ts';
import { forewarn, type ForewarnDependencies } from './forewarn.ts';
import { settleMedia } from './media-use.ts';
import { readAccounts } from '../store/post-accounts.ts';
import { contentsOf, referenceFaults } from './post-request.ts';
import { refuseFaults } from './refuse-faults.ts';
import { readDatabaseClock, scheduleFaults } from './schedule-time.ts';
import { namedMediaIds } from './variants.ts';

const findingsPerReportMax = 300;
const findingsPerAccountMin = 5;

/**
 * A dry run of creating and scheduling a post: what each account's platform says to it, and whether its files are still in the store.
 * Nothing is written.
 * @throws DomainError `validation_failed` for what is wrong whatever the platform: unknown accounts or media, a time in the past
 */
export async function validatePost(
  deps: Pick<CoreDependencies, 'db' | 'logger'> &
    ForewarnDependencies & { readonly media?: Pick<MediaDependencies['media'], 'store'> },
  actor: Actor,
  given: CreatePost,
): Promise<ValidationReport> {
  requireRight(actor, 'posts:read');
  const input = settleMedia(given);
  const { files, contents, forewarned } = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const accounts = await readAccounts(tx, actor, input.accountIds);
    const found = await readPostMedia(tx, actor.organizationId, namedMediaIds(input));
    const media = new Map(found.map((file) => [file.id, file.checked]));
    const nowMs = await readDatabaseClock(tx);
    const wantedAtMs = input.scheduledAt === undefined ? nowMs : Date.parse(input.scheduledAt);
    refuseFaults([...referenceFaults(input, accounts, media), ...scheduleFaults(wantedAtMs, nowMs)]);
    const wanted = contentsOf(input, accounts);
    const at = { atMs: Math.max(wantedAtMs, nowMs), exceptPostId: null, media };
    return { files: found, contents: wanted, forewarned: await forewarn(tx, deps, actor, wanted, at) };
  });
  const lost = deps.media === undefined ? new Set<string>() : await findLostFiles(deps.media.store, deps.logger, files);
  const findingsMax = Math.max(findingsPerAccountMin, Math.floor(findingsPerReportMax / contents.length));
  const media = new Map(files.map((file) => [file.id, file.checked]));
  const context = { adapters: deps.adapters, media, measure: createTextMeasure() };
  const results: ValidationReport['results'] = [];
  for (const content of contents) {
    const { id: accountId, platform } = content.account;
    const findings = [
      ...lostFindings(content, lost),
      ...contentFindings(context, content),
      ...(forewarned.get(accountId) ?? []),
    ];
    results.push({ accountId, platform, ...boundedReport(findings, findingsMax) });
    // Other work goes on in between.
    await setImmediate();
  }
  return { valid: results.every(({ errors }) => errors.length === 0), results };
}

function lostFindings({ variant, ...post }: AccountContent, lost: ReadonlySet<string>): ContentFinding[] {
  const thread = variant.thread ?? post.thread;
  return [
    ...lostIn('', variant.mediaIds ?? post.mediaIds, lost),
    ...thread.flatMap((part, index) => lostIn(`thread.${index}.`, part.mediaIds ?? [], lost)),
  ];
}

function lostIn(above: string, ids: readonly string[], lost: ReadonlySet<string>): ContentFinding[] {
  return ids.flatMap((id, index) => {
    if (!lost.has(id)) return [];
    const message =
      'The stored file is gone. Upload the same file again: that brings it back for every post that uses it';
    return [{ severity: 'error', code: 'media_gone', message, field: `${above}mediaIds.${index}` }];
  });
}

type Findings = Pick<ValidationReport['results'][number], 'errors' | 'warnings'>;

/** Errors before warnings; of what is left out the last warning tells. */
function boundedReport(findings: readonly ContentFinding[], findingsMax: number): Findings {
  const of = (wanted: ContentFinding['severity']) =>
    findings.flatMap(({ severity, ...finding }) => (severity === wanted ? [finding] : []));
  const errors = of('error').slice(0, findingsMax);
  const warnings = of('warning').slice(0, findingsMax - errors.length);
  const leftOut = findings.length - errors.length - warnings.length;
  if (leftOut > 0)
    warnings.push({ code: 'findings_left_out', message: `${leftOut} more findings are not shown`, field: 'content' });
  return { errors, warnings };
}
