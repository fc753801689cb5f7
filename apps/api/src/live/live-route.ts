import { redeemLiveTicket } from '@vibetribe/core/identity/redeem-live-ticket';
import { DomainError } from '@vibetribe/core/domain-error';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ApiServices } from '../api-services.ts';
import { sendProblem } from '../http/problem.ts';
import { closeCodes } from './close-codes.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes WebSockets. */
    isSocket?: true;
  }
}

const ticketCharactersMax = 200;

/** `/ws?ticket=&since=`. A bad ticket is told by a close code, which browsers can read, not by a refused upgrade, which they cannot. */
export const liveRoute: FastifyPluginAsync<{
  services: Pick<ApiServices, 'db' | 'authenticator' | 'live' | 'redirectOrigins' | 'publicUrl'>;
}> = async (app, { services }) => {
  app.route<{ Querystring: { ticket?: unknown; since?: unknown } }>({
    method: 'GET',
    url: '/ws',
    config: { access: 'public', isSocket: true },
    schema: {
      operationId: 'openSocket',
      tags: ['live'],
      summary: 'Open the WebSocket',
      description:
        'With `?ticket=` from `POST /auth/ws-ticket`, and `&since=` the `id` of the last message, or the `position` of `hello`, to resume after. A bad ticket is accepted and closed with 4401. docs/events.md describes the frames.',
      response: { 101: z.undefined() },
    },
    handler: async (_request, reply) =>
      sendProblem(reply, new DomainError('malformed_request', 'Connect with a WebSocket.')),
    wsHandler: async (socket, request) => {
      const { ticket, since } = request.query;
      const openedAtId = services.live.position();
      if (!isOwnOrigin(request, [...services.redirectOrigins, services.publicUrl()])) {
        socket.close(closeCodes.foreignOrigin, 'the page comes from an origin that is not listed');
        return;
      }
      // What the client sends at once waits until somebody listens.
      socket.pause();
      const isTicket = typeof ticket === 'string' && ticket.length > 0 && ticket.length <= ticketCharactersMax;
      const actor = isTicket ? await redeemLiveTicket(services, ticket) : null;
      socket.resume();
      if (actor === null) socket.close(closeCodes.signedOut, 'the ticket is not valid');
      else
        services.live.open(socket, request.raw.socket, actor, {
          since: typeof since === 'string' && since !== '' ? since : null,
          openedAtId,
        });
    },
  });
};

/** Browsers always say where a page comes from; other clients may leave it out. */
function isOwnOrigin({ headers: { origin }, host }: FastifyRequest, origins: readonly string[]): boolean {
  if (origin === undefined) return true;
  return origins.some((own) => originOf(own) === origin) || (URL.canParse(origin) && new URL(origin).host === host);
}

function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null;
}
