import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { Annex, Site, SiteContext } from '../site.ts';
import { blueskyAnswers, invalidRequest, xrpcError } from './answers.ts';
import { didDocument } from './did-document.ts';
import { parseInput } from './parse-input.ts';

/** Answers what no single server knows: which account has a handle (the app's own service), and on which server an account lives (plc.directory). */
export function directory(site: Site, { sandbox, origin }: SiteContext): Annex {
  return { id: 'bluesky-directory', prefix: '/bluesky', answers: blueskyAnswers, identify: () => undefined, routes };

  function routes(app: FastifyInstance): void {
    app.get('/xrpc/com.atproto.identity.resolveHandle', (request) => {
      const { handle } = parseInput(z.object({ handle: z.string() }), request.query);
      const account = sandbox.accounts.byHandle(site.id, handle);
      if (account === undefined) throw new RefusalError(invalidRequest('Unable to resolve handle'));
      return { did: account.id };
    });

    app.get<{ Params: { did: string } }>('/plc/:did', ({ params: { did } }) => {
      const account = sandbox.accounts.byId(site.id, did);
      if (account === undefined) throw new RefusalError(xrpcError(404, 'NotFound', `DID not registered: ${did}`));
      return didDocument(account, origin());
    });
  }
}
