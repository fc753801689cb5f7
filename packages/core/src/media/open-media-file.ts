import { openTicket, type TicketFile } from '@vibetribe/media/serve/open-ticket';
import { notFound } from '../domain-error.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { tellingMediaFaults } from './media-fault.ts';

/**
 * The file that a signed address stands for. Nobody has to be signed in: the ticket is the right to read it.
 * @throws DomainError `not_found` where the ticket is not ours, has expired, or its file is gone
 */
export async function openMediaFile(
  deps: Pick<MediaDependencies, 'media' | 'mediaUrls'>,
  { token, takesWebp }: { readonly token: string; readonly takesWebp: boolean },
): Promise<TicketFile> {
  const ticket = deps.mediaUrls.read(token);
  if (ticket === null) throw notFound('file');
  return tellingMediaFaults(() => openTicket(deps.media, ticket, { takesWebp }));
}
