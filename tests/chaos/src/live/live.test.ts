import { expect, inject, test } from 'vitest';
import { runLive } from './run-live.ts';

const backends = process.env['TEST_FULL'] === '1' ? (['postgres', 'redis'] as const) : (['postgres'] as const);

test.each(backends)(
  'on %s, clients of two replicas, one of them killed and started twice, are told of each event once and in order',
  { timeout: 180_000 },
  async (backend) => {
    const servers = { postgresUrl: inject('postgresUrl'), redisUrl: backend === 'redis' ? inject('redisUrl') : null };
    const options = { clients: 40, eventsPerSecond: 10, seconds: 9, kills: 2 };
    const run = await runLive(servers, options, () => undefined);
    expect(run).toMatchObject({ events: 90, deliveries: 90 * 40, missed: 0, repeated: 0, disordered: 0, resyncs: 0 });
    expect(run.recoveriesMs).toHaveLength(2);
    expect(run.connections).toBeGreaterThanOrEqual(40 + 2 * 2 * 20);
  },
);
