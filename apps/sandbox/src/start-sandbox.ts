import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { sendAnswer } from './answer.ts';
import { cloudinaryRoutes } from './cloudinary/cloudinary-routes.ts';
import type { SandboxConfig } from './config.ts';
import { controlError } from './control/control-input.ts';
import { controlRoutes, type ControlSurroundings } from './control/control-routes.ts';
import { metricsText } from './control/metrics-text.ts';
import { createFaultBook } from './faults/fault-book.ts';
import { createHookReceiver } from './hooks/hook-routes.ts';
import { createMailbox } from './mail/mailbox.ts';
import { createSmtpReceiver } from './mail/smtp-receiver.ts';
import { mountSite } from './mount-site.ts';
import { mountPath, ownPath, type PlacedSite } from './shared-prefix.ts';
import { feedPage } from './page/feed-page.ts';
import { platforms } from './registry.ts';
import { portOrAny, readPorts, writePorts } from './remembered-ports.ts';
import type { Site } from './site.ts';
import { openJournal } from './store/journal.ts';
import { createStore } from './store/store.ts';
import { createSegmentFiles } from './uploads/segment-files.ts';
import { createRequestLog } from './state/request-log.ts';
import { createSandboxState } from './state/sandbox-state.ts';

export type RunningSandbox = AsyncDisposable & {
  port: number;
  /** The origin of the main port: control API, page and the platforms with a prefix. */
  url: string;
  /** The origins of the sites that have their own, by site, and `smtp`, where mail is taken. */
  hosts: Readonly<Record<string, string>>;
};

/** A server beside its platform's own. */
type Annexed = { id: string; site: Site; prefix: string | null };

const loopback = '127.0.0.1';

/** Starts the platform sandbox. One at a time may use a data directory. */
export async function startSandbox(config: SandboxConfig): Promise<RunningSandbox> {
  const directory = join(config.dataDir, 'sandbox');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stack = new AsyncDisposableStack();
  try {
    return await start(config, directory, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function start(config: SandboxConfig, directory: string, stack: AsyncDisposableStack): Promise<RunningSandbox> {
  const store = createStore(openJournal(join(directory, 'journal.jsonl')));
  stack.defer(() => store.close());
  const closing = new AbortController();
  const origins: Record<string, string> = {};
  const sandbox = createSandboxState(store, createSegmentFiles(join(directory, 'segments')), config.now);
  const faults = createFaultBook();
  const requests = createRequestLog();
  const hooks = createHookReceiver();
  const mailbox = createMailbox();

  const placed: readonly PlacedSite[] = platforms.flatMap((platform) =>
    platform.sites.map((id) => {
      const { prefix } = platform;
      const sharing = () =>
        placed.filter((other) => other.prefix === prefix && other.site !== site).map((other) => other.site);
      const site: Site = platform.open({
        site: id,
        platform: platform.id,
        origin: () => origins[id] ?? '',
        sandbox,
        sharing,
        hostOf: (annex) => origins[annex] ?? '',
      });
      return { site, prefix, claims: platform.claims };
    }),
  );
  const sites = placed.map(({ site }) => site);
  const annexes: readonly Annexed[] = sites.flatMap((site) =>
    (site.annexes ?? []).map(({ id, prefix, ...own }) => ({ id, prefix, site: { ...site, ...own } })),
  );
  const places = [...placed.map((each) => ({ id: each.site.id, ...each })), ...annexes];
  const ownOrigins = places.filter(({ prefix }) => prefix === null);
  store.load();

  const hosts = () => ({
    ...Object.fromEntries(ownOrigins.map(({ id }) => [id, origins[id] ?? ''])),
    smtp: origins['smtp'] ?? '',
  });
  const surroundings = { sandbox, faults, requests, closing: closing.signal };

  const main = newApp(stack, { level: config.logLevel }, (request) => ownPath(placed, request));
  await mainRoutes(main, { sandbox, faults, requests, sites, hooks, mailbox, hosts });
  for (const each of placed) {
    if (each.prefix === null) continue;
    await main.register((scope) => mountSite(scope, each.site, surroundings), { prefix: mountPath(each) });
  }
  for (const { site, prefix } of annexes) {
    if (prefix !== null) await main.register((scope) => mountSite(scope, site, surroundings), { prefix });
  }
  const unknownRoute = (method: string, path: string) => requests.unknownRoute(null, method, path);
  await main.register(async (scope) => cloudinaryRoutes(scope, join(directory, 'cloudinary'), unknownRoute), {
    prefix: '/cloudinary',
  });
  for (const prefix of ['/hooks', '/_sandbox/hooks']) {
    await main.register(async (scope) => hooks.receive(scope), { prefix });
  }
  const url = await main.listen({ host: loopback, port: config.port });
  for (const { site, prefix } of placed) if (prefix !== null) origins[site.id] = `${url}${prefix}`;

  const portsFile = join(directory, 'ports.json');
  const remembered = readPorts(portsFile);
  for (const { id, site } of ownOrigins) {
    const app = newApp(stack, main.log);
    await mountSite(app, site, surroundings);
    origins[id] = await app.listen({ host: loopback, port: await portOrAny(remembered[id]) });
  }
  origins['smtp'] = await receiveMail(stack, (envelope) => mailbox.take(envelope), await portOrAny(remembered['smtp']));
  writePorts(portsFile, Object.fromEntries(Object.entries(hosts()).map(([id, origin]) => [id, portOf(origin)])));
  stack.defer(() => closing.abort());

  const running = stack.move();
  return { port: portOf(url), url, hosts: hosts(), [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Requests are not logged by the framework: their addresses may carry codes. */
function newApp(
  stack: AsyncDisposableStack,
  log: { level: string } | FastifyBaseLogger,
  rewriteUrl: (request: IncomingMessage) => string = ({ url }) => url ?? '/',
): FastifyInstance {
  const logController = new LogController({ disableRequestLogging: true });
  const options = { forceCloseConnections: true, rewriteUrl, logController, routerOptions: { maxParamLength: 500 } };
  const app: FastifyInstance =
    'child' in log ? fastify({ ...options, loggerInstance: log }) : fastify({ ...options, logger: log });
  stack.defer(() => app.close());
  return app;
}

async function mainRoutes(main: FastifyInstance, control: ControlSurroundings): Promise<void> {
  const { sandbox, requests, faults, sites } = control;
  const platformIds = [...new Set(sites.map((site: Site) => site.platform))];
  main.get('/health', () => ({ status: 'ok' }));
  main.get('/favicon.ico', (_request, reply) => reply.code(204).send());
  main.get('/metrics', (_request, reply) => {
    reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    return reply.send(metricsText(platformIds, sandbox, requests, faults.list().length));
  });
  main.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? request.url;
    requests.unknownRoute(null, request.method, path);
    return sendAnswer(reply, controlError(404, 'not_found', `No route ${request.method} ${path}`));
  });
  feedPage(main, control);
  await main.register(async (scope) => controlRoutes(scope, control), { prefix: '/_sandbox' });
}

/** @returns its address */
async function receiveMail(
  stack: AsyncDisposableStack,
  take: Parameters<typeof createSmtpReceiver>[0],
  port: number,
): Promise<string> {
  const server = createSmtpReceiver(take);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, loopback);
  await once(server, 'listening');
  stack.defer(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return `smtp://${loopback}:${(server.address() as AddressInfo).port}`;
}

function portOf(origin: string): number {
  return Number(new URL(origin).port);
}
