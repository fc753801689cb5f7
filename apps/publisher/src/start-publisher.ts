import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { platformIds } from '@vibetribe/contracts/platform-id';
import { createCardReader } from '@vibetribe/core/cards/card-reader';
import { readCardsAhead } from '@vibetribe/core/cards/read-cards-ahead';
import type { CoreDependencies } from '@vibetribe/core/core-dependencies';
import { createSpareBytes } from '@vibetribe/core/media/spare-bytes';
import { createOperators } from '@vibetribe/core/identity/operators';
import { openService, type Service } from '@vibetribe/core/open-service';
import type { PublishingMedia } from '@vibetribe/core/publishing/send/publication-media';
import type { Failpoints } from '@vibetribe/core/publishing/failpoints';
import { createChangeRunner, isChangeId } from '@vibetribe/core/publishing/changes/create-change-runner';
import { dispatchOnce } from '@vibetribe/core/publishing/dispatch/dispatch';
import { createPublishingEngine } from '@vibetribe/core/publishing/publishing-engine';
import { createSendingPlaces, type SendingPlacesOptions } from '@vibetribe/core/publishing/sending-places';
import { resumeWaiting } from '@vibetribe/core/publishing/dispatch/resume-waiting';
import { createMediaLibrary } from '@vibetribe/media/media-library';
import type { DiskSpace } from '@vibetribe/media/store/disk-space';
import { createMediaUrls } from '@vibetribe/media/serve/media-urls';
import { httpOrigin } from '@vibetribe/observability/http-origin';
import { createLogger, type Logger } from '@vibetribe/observability/logger';
import { createMetrics } from '@vibetribe/observability/metrics';
import { type Health, startOpsServer } from '@vibetribe/observability/ops-server';
import { openClaimMemory } from '@vibetribe/queue/claim-memory';
import { createPublishQueue } from '@vibetribe/queue/publish-queue';
import { startPublishWorker } from '@vibetribe/queue/publish-worker';
import { startLoop } from '@vibetribe/resilience/loop';
import { deriveKey } from '@vibetribe/security/derive-key';
import type { PublisherConfig } from './config.ts';
import { countOutcome } from './count-outcome.ts';

export interface RunningPublisher extends AsyncDisposable {
  /** Of /health and /metrics. */
  readonly port: number;
  readonly url: string;
}

/** How long closing waits for sends that are under way before their jobs are left to another publisher, beyond the send's own time-out. */
const drainGraceMs = 3_000;

/** Taken up beside those that are being sent, in parts of these: what waits for its share keeps nobody else out. */
const waitingRoomShare = 0.25;

/** One publisher: a worker per platform's queue, and the dispatcher and sweeper that fill the queues. Any number may run. */
export async function startPublisher(
  config: PublisherConfig,
  logger: Logger = createLogger({ app: 'publisher', level: config.logLevel }),
  /** For tests that kill, freeze and fail processes on purpose. */
  failpoints?: Failpoints,
  /** For a test that shows what happens without them. */
  sharesOf?: SendingPlacesOptions['sharesOf'],
): Promise<RunningPublisher> {
  await using starting = new AsyncDisposableStack();
  const metrics = createMetrics('publisher', logger);
  const service = starting.use(
    await openService({
      app: 'publisher',
      config,
      logger,
      failpoints,
      onPlatformCall: metrics.observePlatformCall,
    }),
  );
  const { media, disk, incomingDirectory } = openMedia(starting, config, service.core);
  const cards = starting.use(createCardReader({ allow: service.core.isAllowedHost, directory: incomingDirectory }));
  const engine = starting.use(
    createPublishingEngine(service.core, {
      settings: config.settings,
      media,
      cards,
      owner: `${hostname()}-${randomBytes(6).toString('hex')}`,
      memory: openClaimMemory(service.queue, service.core.clock),
      random: Math.random,
      onRecorded: (recorded) => countOutcome(metrics, recorded),
    }),
  );

  const changes = createChangeRunner(service.core, {
    settings: config.settings,
    owner: `${hostname()}-${randomBytes(6).toString('hex')}`,
    random: Math.random,
  });
  const carryOut = (id: string) => (isChangeId(id) ? changes.run(id) : engine.publish(id));

  const publishQueue = createPublishQueue(service.queue);
  const drainMs = config.settings.publishTimeoutMs + drainGraceMs;
  const placesOf = createSendingPlaces(service.core, { placesMax: config.concurrency, sharesOf });
  const workers = platformIds.map((platform) => {
    const places = placesOf(platform);
    return startPublishWorker({
      connection: service.queue,
      platform,
      concurrency: config.concurrency + Math.ceil(config.concurrency * waitingRoomShare),
      handle: (job, _signal, isWanted) => places.run(job, isWanted, () => carryOut(job.publicationId)),
      onError: (error, job) =>
        logger.warn(
          { err: error, publicationId: job?.publicationId, platform },
          'a publish job failed; the sweeper takes it up',
        ),
    });
  });
  starting.defer(async () => {
    await Promise.all(workers.map((worker) => worker.close({ drainMs })));
  });

  // After the workers, so that it ends before them: nothing new is dispatched by a publisher that is going away.
  let dispatchedAtMs = performance.now();
  const dispatcher = starting.use(
    startLoop({
      name: 'dispatcher',
      intervalMs: config.sweepIntervalMs,
      runOnce: async (signal) => {
        await engine.checkHistory();
        await dispatchOnce(service.core, config.settings, (jobs) => publishQueue.enqueue(jobs), signal);
        dispatchedAtMs = performance.now();
      },
      onError: (error) => logger.warn({ err: error }, 'a dispatcher turn failed; the next one repeats it'),
    }),
  );
  starting.use(
    startLoop({
      name: 'resumer',
      intervalMs: config.sweepIntervalMs,
      runOnce: async (signal) => void (await resumeWaiting(service.core, signal)),
      onError: (error) => logger.warn({ err: error }, 'what is held could not be looked through; the next turn does'),
    }),
  );
  const cardLoop = starting.use(
    startLoop({
      name: 'card reader',
      intervalMs: config.sweepIntervalMs,
      runOnce: async (signal) => void (await readCardsAhead(service.core, cards, signal)),
      onError: (error) => logger.warn({ err: error }, 'pages could not be read ahead; they are when they are needed'),
    }),
  );
  const wake = () => {
    dispatcher.wake();
    cardLoop.wake();
  };
  starting.use(await service.bus.subscribe('dispatch', wake, wake));

  const operators = createOperators(service.core, { trustsLoopback: config.trustLoopback });
  const ops = starting.use(
    await startOpsServer({
      port: config.port,
      host: config.host,
      operators,
      metrics,
      health: () =>
        publisherHealth(service, disk, {
          isTaking: workers.every((worker) => worker.isTaking()),
          isDispatching: performance.now() - dispatchedAtMs < dispatchesWithinMs(config.sweepIntervalMs),
        }),
    }),
  );
  const running = starting.move();
  return {
    port: ops.port,
    url: httpOrigin(config.host, ops.port),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** So long without a successful turn means that nothing is dispatched: a turn that fails is repeated at its next time only. */
function dispatchesWithinMs(sweepIntervalMs: number): number {
  return Math.max(60_000, 6 * sweepIntervalMs);
}

/** Ill whenever no job can be taken, whatever it is that keeps it from that. */
async function publisherHealth(
  { db, queue }: Service,
  disk: Pick<DiskSpace, 'health'>,
  own: { readonly isTaking: boolean; readonly isDispatching: boolean },
): Promise<Health> {
  const [database, queueHealth, diskHealth] = await Promise.all([db.health(), queue.health(), disk.health()]);
  return {
    ok: database.ok && queueHealth.ok && diskHealth.ok && own.isTaking && own.isDispatching,
    detail: { database, queue: queueHealth, disk: diskHealth, workers: own.isTaking, dispatcher: own.isDispatching },
  };
}

function openMedia(
  starting: AsyncDisposableStack,
  config: PublisherConfig,
  core: Pick<CoreDependencies, 'db' | 'clock'>,
): { media: PublishingMedia; disk: DiskSpace; incomingDirectory: string } {
  const { authSecret, publicUrl } = config;
  const now = () => core.clock.now();
  const spareBytes = createSpareBytes({ ...core, ...config });
  const { reader, store, disk, incomingDirectory } = starting.use(createMediaLibrary({ ...config, spareBytes, now }));
  const signed = (secret: string) =>
    createMediaUrls({ store, key: deriveKey(secret, 'media-url'), origin: () => publicUrl, now });
  return { media: { reader, urls: authSecret === null ? null : signed(authSecret) }, disk, incomingDirectory };
}
