import { setImmediate } from 'node:timers/promises';
import type { CreatePost, ValidationReport } from '@vibetribe/contracts/post';
import type { ContentFinding } from '@vibetribe/platforms/port/content';
import { createTextMeasure } from '@vibetribe/platforms/text-measure';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';
import { contentFindings } from './content-faults.ts';
import { readAccounts } from './post-accounts.ts';
import { readMedia } from './post-media.ts';
import { contentsOf, referenceFaults } from './post-request.ts';
import { refuseFaults } from './refuse-faults.ts';
import { readDatabaseClock, scheduleFaults } from './schedule-time.ts';
import { namedMediaIds } from './variants.ts';

const findingsPerReportMax = 300;
const findingsPerAccountMin = 5;

/**
 * A dry run of creating and scheduling a post: what each account's platform says to it. Nothing is written.
 * @throws DomainError `validation_failed` for what is wrong whatever the platform: unknown accounts or media, a time in the past
 */
export async function validatePost(
  deps: Pick<CoreDependencies, 'db' | 'adapters'>,
  actor: Actor,
  input: CreatePost,
): Promise<ValidationReport> {
  requireRight(actor, 'posts:read');
  return deps.db.asTenant(actor.organizationId, async (tx) => {
    const accounts = await readAccounts(tx, actor, input.accountIds);
    const media = await readMedia(tx, actor, namedMediaIds(input));
    const timeFaults =
      input.scheduledAt === undefined ? [] : scheduleFaults(Date.parse(input.scheduledAt), await readDatabaseClock(tx));
    refuseFaults([...referenceFaults(input, accounts, media), ...timeFaults]);
    const contents = contentsOf(input, accounts);
    const findingsMax = Math.max(findingsPerAccountMin, Math.floor(findingsPerReportMax / contents.length));
    const context = { adapters: deps.adapters, media, measure: createTextMeasure() };
    const results: ValidationReport['results'] = [];
    for (const content of contents) {
      const { id: accountId, platform } = content.account;
      results.push({ accountId, platform, ...boundedReport(contentFindings(context, content), findingsMax) });
      // Other work goes on in between.
      await setImmediate();
    }
    return { valid: results.every(({ errors }) => errors.length === 0), results };
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
