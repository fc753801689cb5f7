import type { RequestLog } from '../state/request-log.ts';
import type { SandboxState } from '../state/sandbox-state.ts';

/** The counters in Prometheus' text format, version 0.0.4. */
export function metricsText(
  platforms: readonly string[],
  sandbox: Pick<SandboxState, 'posts'>,
  requests: Pick<RequestLog, 'counts' | 'unknownRoutes'>,
  activeFaults: number,
): string {
  const answers = platforms.flatMap((platform) =>
    Object.entries(requests.counts(platform).byStatus).map(([status, count]) => {
      return `sandbox_requests_total{platform="${platform}",status="${status}"} ${count}`;
    }),
  );
  const accepted = platforms.map((platform) => {
    return `sandbox_posts_accepted_total{platform="${platform}"} ${sandbox.posts.commits({ platform })}`;
  });
  const unknown = requests.unknownRoutes().reduce((total, route) => total + route.count, 0);
  return [
    '# HELP sandbox_requests_total Requests to a platform by the status of the answer.',
    '# TYPE sandbox_requests_total counter',
    ...answers,
    '# HELP sandbox_posts_accepted_total Posts that became visible.',
    '# TYPE sandbox_posts_accepted_total counter',
    ...accepted,
    '# HELP sandbox_unknown_routes_total Requests to routes that the sandbox does not have.',
    '# TYPE sandbox_unknown_routes_total counter',
    `sandbox_unknown_routes_total ${unknown}`,
    '# HELP sandbox_faults_active Faults in force.',
    '# TYPE sandbox_faults_active gauge',
    `sandbox_faults_active ${activeFaults}`,
    '',
  ].join('\n');
}
