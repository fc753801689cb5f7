import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Site, SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { connectAccount } from '../state/connect-account.ts';
import { invalid, refuse } from './answers.ts';
import type { Owner } from './owners.ts';
import { pageOf } from './page-of.ts';
import type { PinterestParts } from './parts.ts';
import { listedPosts } from '../state/listed-posts.ts';

type AtBoard = { Params: { board: string } };

/** https://developers.pinterest.com/docs/api/v5/boards-list */
export function boardRoutes(app: FastifyInstance, site: Site, context: SiteContext, parts: PinterestParts): void {
  const { sandbox } = context;
  const { admit, owners, sections, pins } = parts;
  const read = { scopes: ['boards:read'], category: 'org_read' } as const;
  const write = { scopes: ['boards:read', 'boards:write'], category: 'org_write' } as const;

  app.get('/v5/user_account', (request, reply) => {
    const { owner } = admit(request, reply, { scopes: ['user_accounts:read'], category: 'org_read' });
    const boards = owners.boardsOf(owner);
    return {
      id: owner.id,
      username: owner.username,
      account_type: 'BUSINESS',
      business_name: owner.username,
      profile_image: 'https://i.pinimg.com/600x600_R/none.jpg',
      website_url: '',
      about: '',
      board_count: boards.length,
      pin_count: boards.reduce((sum, { id }) => sum + sandbox.posts.ofAccount(site.id, id).length, 0),
      follower_count: boards.reduce((sum, board) => sum + sandbox.audience.followers(board), 0),
      following_count: 0,
      monthly_views: 0,
    };
  });

  app.get('/v5/boards', (request, reply) => {
    const { owner } = admit(request, reply, read);
    return pageOf(owners.boardsOf(owner), request.query, (board) => view(board, owner));
  });

  app.post('/v5/boards', (request, reply) => {
    const { owner, account } = admit(request, reply, write);
    const { name } = parse(z.object({ name: z.string().min(1).max(180) }), request.body);
    const board = connectAccount(site, sandbox, name);
    if (owners.boardsOf(owner).some(({ id }) => id === board.id))
      throw refuse(400, 58, 'You already have a board with this name.');
    owners.ofAll([account, board]);
    return reply.code(201).send(view(board, owner));
  });

  app.get<AtBoard>('/v5/boards/:board', (request, reply) => {
    const { owner, board } = admit(request, reply, read);
    return view(board(request.params.board), owner);
  });

  app.get<AtBoard>('/v5/boards/:board/sections', (request, reply) => {
    const board = admit(request, reply, read).board(request.params.board);
    return pageOf(sections.ofBoard(board.id), request.query, ({ id, name }) => ({ id, name }));
  });

  app.post<AtBoard>('/v5/boards/:board/sections', (request, reply) => {
    const board = admit(request, reply, write).board(request.params.board);
    const { name } = parse(z.object({ name: z.string().min(1).max(180) }), request.body);
    const section = sections.named(board.id, name);
    return reply.code(201).send({ id: section.id, name: section.name });
  });

  app.get<AtBoard>('/v5/boards/:board/pins', { config: { listing: true } }, (request, reply) => {
    const { board, owner } = admit(request, reply, { scopes: ['boards:read', 'pins:read'], category: 'org_read' });
    const shown = listedPosts(context, request, board(request.params.board).id);
    return pageOf(shown, request.query, (post) => pins.view(post, owner));
  });

  function view(board: Account, owner: Owner) {
    return {
      id: board.id,
      name: board.displayName,
      description: '',
      privacy: 'PUBLIC',
      owner: { username: owner.username },
      created_at: board.createdAt.replace(/\.\d+Z$/u, ''),
      board_pins_modified_at: board.createdAt.replace(/\.\d+Z$/u, ''),
      pin_count: sandbox.posts.ofAccount(site.id, board.id).length,
      follower_count: sandbox.audience.followers(board),
      collaborator_count: 0,
    };
  }
}

/** @throws {RefusalError} 400 */
export function parse<Value>(schema: z.ZodType<Value>, body: unknown): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`);
}
