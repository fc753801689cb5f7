import type { CreatePost, ValidationReport } from '@vibetribe/contracts/post';
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
    const results = contentsOf(input, accounts).map((content) => {
      const findings = contentFindings(deps.adapters, media, content);
      const of = (wanted: 'error' | 'warning') =>
        findings.flatMap(({ severity, ...finding }) => (severity === wanted ? [finding] : []));
      return {
        accountId: content.account.id,
        platform: content.account.platform,
        errors: of('error'),
        warnings: of('warning'),
      };
    });
    return { valid: results.every(({ errors }) => errors.length === 0), results };
  });
}
