import {
  AcceptInvitation,
  AddMember,
  ChangeRole,
  CreatedInvitationAnswer,
  Invitation,
  Invite,
  Member,
} from '@vibetribe/contracts/member';
import { SignedIn } from '@vibetribe/contracts/auth';
import { pageOf, PageQuery } from '@vibetribe/contracts/page';
import { acceptInvitation, findInvitation } from '@vibetribe/core/members/accept-invitation';
import { addMember } from '@vibetribe/core/members/add-member';
import { changeRole } from '@vibetribe/core/members/change-role';
import { invite } from '@vibetribe/core/members/invite';
import { listInvitations, revokeInvitation } from '@vibetribe/core/members/list-invitations';
import { listMembers } from '@vibetribe/core/members/list-members';
import { removeMember } from '@vibetribe/core/members/remove-member';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { bearerOf } from '../../http/authentication.ts';
import { decodeCursor, encodeCursor, CursorId } from '../../http/cursor.ts';
import { pageUrl } from '../../http/form-page.ts';
import { answerInTransaction } from '../../http/idempotency.ts';
import { invitationPath } from './invitation-page.ts';

const tags = ['members'];
const MemberParams = z.object({ userId: z.string() });

/** Who belongs to an organization, and who is asked to. */
export const memberRoutes: FastifyPluginAsyncZod<{ services: ApiServices }> = async (app, { services }) => {
  app.get(
    '/members',
    {
      config: { access: 'members:read' },
      schema: {
        operationId: 'listMembers',
        summary: 'List the members of the organization',
        tags,
        querystring: PageQuery,
        response: { 200: pageOf(Member) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const afterId = decodeCursor(CursorId, cursor);
      const { items, hasMore } = await listMembers(services, request.actor, { limit, afterId });
      const last = items.at(-1);
      return { items, nextCursor: hasMore && last !== undefined ? encodeCursor(last.userId) : null };
    },
  );

  app.post(
    '/members',
    {
      config: { access: 'members:manage', idempotent: {}, errors: ['email_taken'] },
      schema: {
        operationId: 'addMember',
        summary: 'Make a user who belongs to the organization',
        tags,
        body: AddMember,
        response: { 201: Member },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return addMember(services, request.actor, request.body);
    },
  );

  app.patch(
    '/members/:userId',
    {
      config: { access: 'members:manage', errors: ['conflict'] },
      schema: {
        operationId: 'changeRole',
        summary: 'Give a member another role; making another an owner hands ownership over',
        tags,
        params: MemberParams,
        body: ChangeRole,
        response: { 200: Member },
      },
    },
    async (request) => changeRole(services, request.actor, { ...request.params, ...request.body }),
  );

  app.delete(
    '/members/:userId',
    {
      config: { access: 'members:read', errors: ['conflict'] },
      schema: {
        operationId: 'removeMember',
        summary: 'Remove a member, or leave',
        description: 'Everybody may leave; removing somebody else needs the role admin.',
        tags,
        params: MemberParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await removeMember(services, request.actor, request.params);
      return reply.code(204).send();
    },
  );

  app.get(
    '/invitations',
    {
      config: { access: 'members:manage' },
      schema: {
        operationId: 'listInvitations',
        summary: 'List open invitations',
        tags,
        querystring: PageQuery,
        response: { 200: pageOf(Invitation) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const afterId = decodeCursor(CursorId, cursor);
      const { items, hasMore } = await listInvitations(services, request.actor, { limit, afterId });
      const last = items.at(-1);
      return { items, nextCursor: hasMore && last !== undefined ? encodeCursor(last.id) : null };
    },
  );

  app.post(
    '/invitations',
    {
      config: {
        access: 'members:manage',
        idempotent: { secretFields: ['token', 'acceptUrl'] },
        errors: ['conflict', 'quota_exceeded'],
      },
      schema: {
        operationId: 'invite',
        summary: 'Invite an address; the answer shows the token once',
        tags,
        body: Invite,
        response: { 201: CreatedInvitationAnswer },
      },
    },
    async (request, reply) => {
      const { organizationId } = request.actor;
      if (services.sendsMail)
        await services.mailLimit.countInvitation({ organizationId, recipient: request.body.email });
      reply.code(201);
      return invite(
        { ...services, acceptUrl },
        request.actor,
        request.body,
        answerInTransaction(request, { status: 201 }),
      );
    },
  );

  app.delete(
    '/invitations/:id',
    {
      config: { access: 'members:manage' },
      schema: {
        operationId: 'revokeInvitation',
        summary: 'End an invitation',
        tags,
        params: z.object({ id: z.string() }),
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await revokeInvitation(services, request.actor, { invitationId: request.params.id });
      return reply.code(204).send();
    },
  );

  app.post(
    '/invitations/accept',
    {
      config: {
        access: 'public',
        errors: [
          'not_found',
          'invalid_credentials',
          'totp_required',
          'totp_invalid',
          'email_taken',
          'conflict',
          'forbidden',
          'unauthenticated',
          'session_revoked',
        ],
      },
      schema: {
        operationId: 'acceptInvitation',
        summary: 'Join the organization and sign in there',
        description: 'A newcomer gives a name and a password; whoever has a user gives its password, or is signed in.',
        tags,
        body: AcceptInvitation,
        response: { 200: SignedIn },
      },
    },
    async (request, reply) => {
      const bearer = bearerOf(request);
      const actor = bearer === undefined ? null : await services.authenticator.authenticate(bearer);
      const signedInUserId = actor?.credential.kind === 'session' ? actor.userId : null;
      const invitation = await findInvitation(services, request.body.token);
      const accept = () => acceptInvitation(services, invitation, { input: request.body, signedInUserId });
      // It tells whether a password is right, so it counts as a login.
      if (signedInUserId !== null || invitation.user === null) return accept();
      const from = services.knownDevices.from(request, invitation.email);
      const accepted = await services.signInLimit.logIn(from, accept);
      services.knownDevices.remember(reply, from.email);
      return accepted;
    },
  );

  function acceptUrl(token: string): string {
    return pageUrl(services, invitationPath, token);
  }
};
