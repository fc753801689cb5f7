import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RefusalError } from '../answer.ts';
import type { Site, SiteContext } from '../site.ts';
import { invalid, refuse, trialMayNotPin } from './answers.ts';
import { bodyBytesMax } from './limits.ts';
import { pageOf } from './page-of.ts';
import type { PinterestParts } from './parts.ts';
import { parsePinBody, parsePinUpdate } from './pin-body.ts';
import { pinMediaOf } from './pin-media.ts';

type AtPin = { Params: { id: string } };

/** https://developers.pinterest.com/docs/api/v5/pins-create */
export function pinRoutes(app: FastifyInstance, site: Site, { sandbox }: SiteContext, parts: PinterestParts): void {
  const { admit, owners, pins, sections, uploads } = parts;
  const read = { scopes: ['boards:read', 'pins:read'], category: 'org_read' } as const;
  const scopes = ['boards:read', 'boards:write', 'pins:read', 'pins:write'];
  const write = { scopes, category: 'org_write' } as const;

  app.post('/v5/pins', { bodyLimit: bodyBytesMax }, async (request, reply) => {
    const { owner, board: boardOf, isTrial } = admit(request, reply, write);
    if (isTrial) throw new RefusalError(trialMayNotPin);
    const { media_source: source, board_id, ...given } = parsePinBody(request.body);
    const board = boardOf(board_id);
    requireSection(board.id, given.board_section_id);
    const shown = await pinMediaOf(source, owner.id, uploads);
    const post = pins.create(board, {
      title: given.title ?? null,
      description: given.description ?? null,
      link: given.link ?? null,
      alt_text: given.alt_text ?? null,
      board_section_id: given.board_section_id ?? null,
      dominant_color: given.dominant_color ?? '#6e7874',
      ...shown,
    });
    return reply.code(201).send(pins.view(post, owner));
  });

  app.get('/v5/pins', { config: { listing: true } }, (request, reply) => {
    const { owner } = admit(request, reply, read);
    const before = sandbox.clock.nowMs() - request.visit.listingLagMs;
    const shown = owners
      .boardsOf(owner)
      .flatMap((board) => sandbox.posts.ofAccount(site.id, board.id))
      .filter((post) => post.receivedTickMs <= before)
      .toSorted((one, other) => other.seq - one.seq);
    return pageOf(shown, request.query, (post) => pins.view(post, owner));
  });

  app.get<AtPin>('/v5/pins/:id', (request, reply) => {
    const { post, owner } = own(request, reply, read);
    return pins.view(post, owner);
  });

  app.patch<AtPin>('/v5/pins/:id', (request, reply) => {
    const { post, owner } = own(request, reply, write);
    const { board_id, ...changes } = parsePinUpdate(request.body);
    if (board_id !== undefined && board_id !== post.account) throw invalid('board_id: pins stay on their board here');
    requireSection(post.account, changes.board_section_id);
    const facts = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    return pins.view(pins.edit(post, facts), owner);
  });

  app.delete<AtPin>('/v5/pins/:id', (request, reply) => {
    pins.remove(own(request, reply, write).post);
    return reply.code(204).send();
  });

  function own(request: FastifyRequest<AtPin>, reply: FastifyReply, needs: typeof read | typeof write) {
    const { owner } = admit(request, reply, needs);
    const post = pins.get(request.params.id);
    const isOwn = owners.boardsOf(owner).some(({ id }) => id === post?.account);
    if (post === undefined || !isOwn) throw refuse(404, 50, 'Pin not found.');
    return { post, owner };
  }

  function requireSection(board: string, id: string | null | undefined): void {
    if (id === null || id === undefined) return;
    if (!sections.ofBoard(board).some((section) => section.id === id))
      throw refuse(404, 2031, 'Board section not found.');
  }
}
