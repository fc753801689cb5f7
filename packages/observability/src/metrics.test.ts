import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('every observation is exposed in seconds, with its labels and the app', async () => {
  const metrics = createMetrics('publisher');
  metrics.observeHttpRequest({ method: 'GET', route: '/api/v1/posts/:id', status: 200, durationMs: 20 });
  metrics.countPublication({ platform: 'bluesky', outcome: 'published' });
  metrics.observeLateness({ platform: 'bluesky', lateByMs: 1500 });
  metrics.observePlatformCall({ platform: 'x', method: 'POST', outcome: { status: 503 }, durationMs: 300 });
  metrics.observePlatformCall({ platform: 'x', method: 'POST', outcome: {}, durationMs: 300 });
  metrics.countTokenRefresh({ platform: 'youtube', outcome: 'refreshed' });
  const { contentType, text } = await metrics.exposition();
  expect(contentType).toMatch(/^text\/plain/);
  const lines = text.split('\n');
  for (const line of [
    'vibetribe_http_request_duration_seconds_sum{app="publisher",method="GET",route="/api/v1/posts/:id",status="200"} 0.02',
    'vibetribe_publications_total{platform="bluesky",outcome="published",app="publisher"} 1',
    'vibetribe_publish_lateness_seconds_sum{app="publisher",platform="bluesky"} 1.5',
    'vibetribe_platform_call_duration_seconds_count{app="publisher",platform="x",method="POST",status_class="5xx"} 1',
    'vibetribe_platform_call_duration_seconds_count{app="publisher",platform="x",method="POST",status_class="none"} 1',
    'vibetribe_token_refreshes_total{platform="youtube",outcome="refreshed",app="publisher"} 1',
  ]) {
    expect(lines).toContain(line);
  }
});

test('a watched number is read when it is asked for', async () => {
  const metrics = createMetrics('api');
  let sockets = 1;
  metrics.watch({ name: 'vibetribe_live_sockets', help: 'Sockets.', read: () => sockets });
  sockets = 7;
  expect((await metrics.exposition()).text).toContain('vibetribe_live_sockets{app="api"} 7');
});

test('Node’s own metrics are there, labelled with the app', async () => {
  const { text } = await createMetrics('cron').exposition();
  expect(text).toMatch(/^process_resident_memory_bytes\{app="cron"\} \d+/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_seconds\{app="cron"\}/m);
});

test('two apps in one process do not share their counts', async () => {
  const [one, other] = [createMetrics('one'), createMetrics('other')];
  one.countPublication({ platform: 'x', outcome: 'published' });
  expect((await other.exposition()).text).not.toContain('outcome="published"');
});

test('something published early counts as on time', async () => {
  const metrics = createMetrics('publisher');
  metrics.observeLateness({ platform: 'x', lateByMs: -5 });
  expect((await metrics.exposition()).text).toContain(
    'vibetribe_publish_lateness_seconds_sum{app="publisher",platform="x"} 0',
  );
});
