import { expect, test } from 'vitest';
import { parseCronConfig } from './config.ts';

const minimal = {
  DATABASE_URL: 'postgres://db.example/vibetribe',
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
};

test('the default schedules are those of the operations manual', () => {
  expect(parseCronConfig(minimal)).toMatchObject({
    port: 0,
    host: '127.0.0.1',
    schedules: {
      'token-refresh': '0 * * * *',
      'clean-up': '0 2 * * *',
      'health-check': '*/5 * * * *',
      'stalled-detection': '*/15 * * * *',
      'media-garbage': '30 2 * * *',
    },
    retention: { readNotificationDays: 30, unreadNotificationDays: 90, eventDays: 90, endedSessionDays: 7 },
  });
});

test('all faults are named at once', () => {
  const faulty = { ...minimal, CRON_CLEAN_UP: 'at night', RETENTION_EVENTS_DAYS: '0', PORT: '70000' };
  expect(() => parseCronConfig(faulty)).toThrow(/PORT(.|\n)*CRON_CLEAN_UP(.|\n)*RETENTION_EVENTS_DAYS/);
});
