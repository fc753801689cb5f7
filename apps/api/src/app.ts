import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import websocket from '@fastify/websocket';
import { DomainError } from '@vibetribe/core/domain-error';
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { answerUnknownRoutes } from './http/allowed-methods.ts';
import { describeRoutes } from './docs/describe-routes.ts';
import { docsPath, serveDocs } from './docs/serve-docs.ts';
import type { ApiServices } from './api-services.ts';
import { authenticateRequests, requireAccess } from './http/authentication.ts';
import { endConnectionsOnClose } from './close-app.ts';
import { honourIdempotencyKeys } from './http/idempotency.ts';
import { acceptJsonOnly } from './http/json-body.ts';
import { liveRoute } from './live/live-route.ts';
import { formPages } from './http/form-page.ts';
import { sendProblem } from './http/problem.ts';
import { handleProblem } from './http/problem-handler.ts';
import { answerGraceMs, createRequestLife } from './http/request-life.ts';
import { logRequests } from './http/request-log.ts';
import { validatorCompiler } from './http/request-validation.ts';
import { accountRoutes } from './routes/accounts/accounts.ts';
import { emailPage, resetPage } from './routes/identity/account-pages.ts';
import { analyticsRoutes } from './routes/analytics.ts';
import { apiKeyRoutes } from './routes/identity/api-keys.ts';
import { auditRoutes } from './routes/organization/audit.ts';
import { authRoutes } from './routes/identity/auth.ts';
import { cookieSessionRoutes } from './routes/identity/cookie-session.ts';
import { confirmConsentRoute } from './routes/accounts/confirm-consent.ts';
import { connectRoutes } from './routes/accounts/connect.ts';
import { healthRoutes } from './routes/operations/health.ts';
import { invitationPage } from './routes/organization/invitation-page.ts';
import { mediaRoutes } from './routes/media/media.ts';
import { memberRoutes } from './routes/organization/members.ts';
import { transferTimeoutMs } from './routes/media/media-uploads.ts';
import { metricsRoute } from './routes/operations/metrics.ts';
import { notificationPreferenceRoutes } from './routes/notifications/notification-preferences.ts';
import { notificationRoutes } from './routes/notifications/notifications.ts';
import { organizationRoutes } from './routes/organization/organizations.ts';
import { passwordRoutes } from './routes/identity/password.ts';
import { pauseRoutes } from './routes/operations/pauses.ts';
import { platformRoutes } from './routes/accounts/platforms.ts';
import { postRoutes } from './routes/posts/posts.ts';
import { publicationRoutes } from './routes/posts/publications.ts';
import { queueRoutes } from './routes/operations/queues.ts';
import { taskRoutes } from './routes/operations/tasks.ts';
import { sessionRoutes } from './routes/identity/sessions.ts';
import { securityTextRoute } from './routes/operations/security-text.ts';
import { totpRoutes } from './routes/identity/totp.ts';
import { unsubscribePage } from './routes/notifications/unsubscribe-page.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { addSecurityHeaders } from './http/security-headers.ts';
import { warnOfUnknownProxy } from './http/trust-proxy.ts';
import { guardText } from './http/text-guard.ts';
import { boundWrittenBytes } from './http/written-bytes-limit.ts';

const bodyBytesMax = 1024 * 1024;
const socketMessageBytesMax = 64 * 1024;
/** A key outlives its request by this, should the process die with it. */
const keyLockGraceMs = 5_000;

/** The API with all its routes, ready to listen or to be injected into. */
export async function buildApp(services: ApiServices): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = services.logger;
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    bodyLimit: bodyBytesMax,
    handlerTimeout: services.requestTimeoutMs + answerGraceMs,
    // For senders of files; every other route's own limit is far below it.
    requestTimeout: transferTimeoutMs,
    return503OnClosing: true,
    // Whose word about a client's address counts; nobody's where no proxy was named.
    trustProxy: services.trustProxy.length === 0 ? false : [...services.trustProxy],
    frameworkErrors: (error, request, reply) => void handleProblem(error, request, reply),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(handleProblem);
  acceptJsonOnly(app);
  endConnectionsOnClose(app);
  requireAccess(app, { '*': 'public', [docsPath]: 'public' });
  answerUnknownRoutes(app);

  logRequests(app, services.metrics);
  app.addHook('onRequest', async (request, reply) => {
    // Plugins build addresses from it.
    if (!URL.canParse(`http://${request.host}`))
      return sendProblem(reply, new DomainError('malformed_request', 'The Host header is not valid.'));
  });
  // Before authentication: a refusal must carry these headers too, or browsers hide it from the page.
  await addSecurityHeaders(app, { origins: services.redirectOrigins });
  authenticateRequests(app, {
    authenticator: services.authenticator,
    limiter: services.requestLimiter,
    trustsLoopback: services.trustsLoopback,
    publicUrl: services.publicUrl,
  });
  boundWrittenBytes(app, services.writtenBytes);
  warnOfUnknownProxy(app, services.trustProxy);
  app.addHook('preValidation', guardText);
  honourIdempotencyKeys(app, { db: services.db, lockMs: services.requestTimeoutMs + keyLockGraceMs });
  const life = createRequestLife(services.clock);
  life.attach(app);
  await describeRoutes(app, { publicUrl: services.publicUrl });
  await app.register(websocket, { options: { maxPayload: socketMessageBytesMax, perMessageDeflate: false } });
  app.addHook('onRequest', async (request, reply) => {
    // The plugin would log the whole address, query included.
    if (request.ws && request.routeOptions.config.isSocket !== true)
      return sendProblem(reply, new DomainError('not_found', 'There is no socket here.'));
  });

  const bound: ApiServices = { ...services, db: life.bind(services.db) };
  const root = { services: bound };
  await app.register(healthRoutes, root);
  await app.register(metricsRoute, root);
  await app.register(securityTextRoute, root);
  await app.register(formPages, {
    pages: [invitationPage(bound), resetPage(bound), emailPage(bound), unsubscribePage(bound)],
  });

  const v1 = { services: bound, prefix: '/api/v1' };
  await app.register(healthRoutes, v1);
  await app.register(authRoutes, v1);
  await app.register(cookieSessionRoutes, v1);
  await app.register(organizationRoutes, v1);
  await app.register(sessionRoutes, v1);
  await app.register(passwordRoutes, v1);
  await app.register(totpRoutes, v1);
  await app.register(memberRoutes, v1);
  await app.register(auditRoutes, v1);
  await app.register(apiKeyRoutes, v1);
  await app.register(connectRoutes, v1);
  await app.register(confirmConsentRoute, v1);
  await app.register(accountRoutes, v1);
  await app.register(platformRoutes, v1);
  await app.register(postRoutes, v1);
  await app.register(publicationRoutes, v1);
  await app.register(analyticsRoutes, v1);
  await app.register(mediaRoutes, v1);
  await app.register(pauseRoutes, v1);
  await app.register(notificationRoutes, v1);
  await app.register(notificationPreferenceRoutes, v1);
  await app.register(queueRoutes, v1);
  await app.register(webhookRoutes, v1);
  await app.register(taskRoutes, v1);
  await app.register(liveRoute, v1);

  await serveDocs(app);
  return app;
}

/** A caller's own id is kept where it can stand in a log and a header, so that both sides' records can be joined. */
function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
}
