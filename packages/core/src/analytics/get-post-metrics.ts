import type { PostMetrics, PublicationMetrics } from '@vibetribe/contracts/analytics';
import { isoInstant } from '@vibetribe/db/iso-instant';
import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';
import { readPost } from '../posts/store/find-post.ts';
import {
  isAsked,
  metricValueColumns,
  metricValueFields,
  notGiven,
  postMetrics,
  stateOf,
  SubjectState,
} from './present-metrics.ts';
import { sql } from 'drizzle-orm';

const subjectColumns = {
  publicationId: column.text,
  state: SubjectState,
  readAt: column.textOrNull,
  nextReadAt: column.textOrNull,
};

/** The last numbers of a post, for each account that it is out at. @throws DomainError `not_found` */
export async function getPostMetrics(
  deps: Pick<CoreDependencies, 'db' | 'adapters' | 'metricsMonthlyUsd'>,
  actor: Actor,
  { postId }: { readonly postId: string },
): Promise<PostMetrics> {
  requireRight(actor, 'posts:read');
  return deps.db.asTenant(actor.organizationId, async (tx) => {
    const { publications } = await readPost(tx, actor, postId);
    const out = publications.filter(({ status }) => status === 'published');
    const ids = sql.param(out.map(({ id }) => id));
    const subjects = await queryRows(tx, subjectColumns)`
      select publication_id as "publicationId", state, ${isoInstant('read_at')} as "readAt", ${isoInstant('due_at')} as "nextReadAt"
      from metric_subjects where organization_id = ${actor.organizationId} and publication_id = any(${ids}::text[])`;
    const denials = await queryRows(tx, { accountId: column.text, denied: column.text })`
      select account_id as "accountId", posts_denied as denied from metric_subjects
      where organization_id = ${actor.organizationId} and account_id = any(${sql.param(out.map(({ accountId }) => accountId))}::text[])
        and publication_id is null and posts_denied is not null`;
    const values = await queryRows(tx, { ...metricValueColumns, publicationId: column.text })`
      select s.publication_id as "publicationId", ${metricValueFields}
      from metric_subjects s join metric_latest n on n.subject_id = s.id join metric_definitions d on d.id = n.definition_id
      where s.organization_id = ${actor.organizationId} and s.publication_id = any(${ids}::text[]) order by s.id, d.metric`;
    const bySubject = new Map(subjects.map((subject) => [subject.publicationId, subject]));
    const deniedOf = new Map(denials.map(({ accountId, denied }) => [accountId, denied]));
    const byPublication = Map.groupBy(values, ({ publicationId }) => publicationId);
    return {
      postId,
      items: out.flatMap(({ id, accountId, platform }) =>
        (byPublication.get(id) ?? []).map((value) => ({ ...value, accountId, platform })),
      ),
      publications: out.map(({ id, accountId, platform }): PublicationMetrics => {
        const subject = bySubject.get(id);
        const told = stateOf(deps, {
          platform,
          asked: 'posts',
          state: subject?.state ?? null,
          denied: deniedOf.get(accountId) ?? null,
        });
        const given = new Set((byPublication.get(id) ?? []).map(({ metric }) => metric));
        return {
          publicationId: id,
          accountId,
          platform,
          ...told,
          readAt: subject?.readAt ?? null,
          nextReadAt: isAsked(told.state) ? (subject?.nextReadAt ?? null) : null,
          notGiven: notGiven(postMetrics, told.state, given),
        };
      }),
    };
  });
}
