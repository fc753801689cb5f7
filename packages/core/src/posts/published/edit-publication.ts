import type { EditPublication, Publication } from '@vibetribe/contracts/post';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError } from '../../domain-error.ts';
import { requireRight } from '../../identity/authorize.ts';
import { recordChangeEvent, show } from '../../publishing/changes/record-change.ts';
import { presentPublication } from '../read/present-publication.ts';
import { readMedia } from '../check/post-media.ts';
import { refuseFaults } from '../check/refuse-faults.ts';
import { lockForChange, unreachable, wantChange } from './remove-publication.ts';

/**
 * Replaces the text of a publication where it stands: of a thread that of its first part. The last edit wins. The post keeps what was published.
 * @throws DomainError `not_found`; `not_supported_by_platform`; `already_publishing`; `conflict`, also once it is to be taken off;
 *   `validation_failed` where the platform would refuse the text
 */
export async function editPublication(
  deps: Pick<CoreDependencies, 'db' | 'signals' | 'adapters'>,
  actor: Actor,
  { publicationId, edit: { content } }: { readonly publicationId: string; readonly edit: EditPublication },
): Promise<Publication> {
  requireRight(actor, 'posts:write');
  const row = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const { post, row, accounts } = await lockForChange(tx, actor, publicationId);
    const adapter = deps.adapters[row.platform];
    const { displayName } = adapter;
    if (adapter.edit === undefined)
      throw new DomainError(
        'not_supported_by_platform',
        `${displayName} has no way to edit a post for an application.`,
      );
    if (row.removal?.status === 'removing' || row.removal?.status === 'removed')
      throw new DomainError('conflict', `It is taken off ${displayName}.`);
    const refusal = unreachable(row, accounts, displayName);
    if (refusal !== null) throw refusal;
    const account = accounts.get(row.accountId)?.adapterAccount;
    const mediaIds = row.variant.mediaIds ?? post.mediaIds;
    // They stay: a text may be empty below a picture.
    const files = await readMedia(tx, actor, mediaIds);
    const media = mediaIds.flatMap((id) => files.get(id) ?? []);
    const draft = { text: content, options: row.variant.options ?? {}, media };
    const findings = account === undefined ? [] : adapter.validate(draft, account);
    refuseFaults(
      findings.flatMap(({ severity, field, message }) =>
        severity === 'error' && field === 'content' ? [{ path: 'content', message }] : [],
      ),
    );
    await wantChange(tx, row, 'edit', content);
    const edit = { status: 'editing', content, liveContent: row.edit?.liveContent ?? null } as const;
    await show(tx, row.id, { edit });
    const message = `Asked ${displayName} to show a new text.`;
    await recordChangeEvent(tx, row, { type: 'publication.content_editing', message, data: { content } });
    return { ...row, edit };
  });
  deps.signals.eventsCommitted();
  deps.signals.dispatchSoon();
  return presentPublication(row);
}
