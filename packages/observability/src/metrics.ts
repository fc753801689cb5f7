import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { droppedLinesOf, type Logger } from './logger.ts';

export interface Metrics {
  /** For metrics of one app alone. */
  readonly registry: Registry;
  /** `route` is the pattern (`/api/v1/posts/:id`), never the path: labels must be few. */
  observeHttpRequest(request: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly durationMs: number;
  }): void;
  /** `outcome` is one of a closed set: published, failed, retrying, waiting, unconfirmed, ... */
  countPublication(publication: { readonly platform: string; readonly outcome: string }): void;
  /** How long after its time something was published. */
  observeLateness(publication: { readonly platform: string; readonly lateByMs: number }): void;
  /** An outcome without a status: no answer came. */
  readonly observePlatformCall: (call: {
    readonly platform: string;
    readonly method: string;
    readonly outcome: object;
    readonly durationMs: number;
  }) => void;
  /** `outcome`: refreshed, needs_reauth, failed. */
  countTokenRefresh(refresh: { readonly platform: string; readonly outcome: string }): void;
  /** `result`: hit, or miss where it had to be loaded. */
  countCacheLookUp(lookUp: { readonly cache: string; readonly result: 'hit' | 'miss' }): void;
  /** A number that is read whenever Prometheus asks. */
  watch(gauge: { readonly name: string; readonly help: string; readonly read: () => number }): void;
  /** The text Prometheus reads, and its content type. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const httpSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const callSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];
const latenessSeconds = [0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400];

/**
 * The metrics of one process: those of Node by default, and those of the product, prefixed `vibetribe_`, all labelled with `app`.
 * @param logger whose dropped lines are told
 */
export function createMetrics(app: string, logger?: Logger): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Counter({
    name: 'vibetribe_log_lines_dropped_total',
    help: 'Log lines that nobody read in time.',
    registers,
    collect() {
      this.reset();
      this.inc(logger === undefined ? 0 : droppedLinesOf(logger));
    },
  });

  const httpRequests = new Histogram({
    name: 'vibetribe_http_request_duration_seconds',
    help: 'Time to answer a request.',
    labelNames: ['method', 'route', 'status'],
    buckets: httpSeconds,
    registers,
  });
  const publications = new Counter({
    name: 'vibetribe_publications_total',
    help: 'Publishing turns by how they ended.',
    labelNames: ['platform', 'outcome'],
    registers,
  });
  const lateness = new Histogram({
    name: 'vibetribe_publish_lateness_seconds',
    help: 'How long after its scheduled time a post was published.',
    labelNames: ['platform'],
    buckets: latenessSeconds,
    registers,
  });
  const platformCalls = new Histogram({
    name: 'vibetribe_platform_call_duration_seconds',
    help: 'Time of requests to platforms; status_class is none where no answer came.',
    labelNames: ['platform', 'method', 'status_class'],
    buckets: callSeconds,
    registers,
  });
  const tokenRefreshes = new Counter({
    name: 'vibetribe_token_refreshes_total',
    help: 'Token refreshes by how they ended.',
    labelNames: ['platform', 'outcome'],
    registers,
  });

  const cacheLookUps = new Counter({
    name: 'vibetribe_cache_lookups_total',
    help: 'Look-ups in the caches of the process, by whether the value was there.',
    labelNames: ['cache', 'result'],
    registers,
  });

  return {
    registry,
    observeHttpRequest: ({ method, route, status, durationMs }) =>
      httpRequests.observe({ method, route, status }, durationMs / 1000),
    countPublication: ({ platform, outcome }) => publications.inc({ platform, outcome }),
    observeLateness: ({ platform, lateByMs }) => lateness.observe({ platform }, Math.max(0, lateByMs) / 1000),
    observePlatformCall: ({ platform, method, outcome, durationMs }) =>
      platformCalls.observe({ platform, method, status_class: statusClassOf(outcome) }, durationMs / 1000),
    countTokenRefresh: ({ platform, outcome }) => tokenRefreshes.inc({ platform, outcome }),
    countCacheLookUp: ({ cache, result }) => cacheLookUps.inc({ cache, result }),
    watch: ({ name, help, read }) => {
      const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(read()) });
    },
    exposition: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function statusClassOf(outcome: object): string {
  return 'status' in outcome && typeof outcome.status === 'number' ? `${Math.floor(outcome.status / 100)}xx` : 'none';
}
