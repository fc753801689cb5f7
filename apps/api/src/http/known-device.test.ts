import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { expect, test } from 'vitest';
import { createKnownDevices } from './known-device.ts';

const key = randomBytes(32);
const dayMs = 86_400_000;

function on(day: number, secret = key) {
  return createKnownDevices({ key: secret, now: () => new Date(Date.UTC(2026, 0, 1) + day * dayMs) });
}

function cookieFor(email: string): string {
  let line = '';
  on(0).remember({ header: (_name: string, value: string) => (line = value) } as unknown as FastifyReply, email);
  return line.split(';')[0] ?? '';
}

const deviceOf = (cookie: string | undefined, email: string, devices = on(1)) =>
  devices.from({ headers: cookie === undefined ? {} : { cookie }, ip: '203.0.113.1' }, email).device;

test('a device is known to the user who signed in on it, among other cookies, for half a year and to whoever has the key', () => {
  const cookie = cookieFor('ada@example.com');
  const id = deviceOf(`a=b; ${cookie}; c=d`, 'ADA@example.com');
  expect(id).toMatch(/^[\w-]{16}$/);
  expect(deviceOf(cookie, 'ada@example.com', on(179))).toBe(id);
  expect(deviceOf(cookie, 'ada@example.com', on(180))).toBeNull();
  expect(deviceOf(cookie, 'eve@example.com')).toBeNull();
  expect(deviceOf(cookie, 'ada@example.com', on(1, randomBytes(32)))).toBeNull();
});

test('what was changed, cut off or never given is no device', () => {
  const cookie = cookieFor('ada@example.com');
  const [id = '', , seal = ''] = cookie.split('=')[1]?.split('.') ?? [];
  for (const forged of [
    undefined,
    '',
    '__Host-vibetribe-device=',
    '__Host-vibetribe-device=..',
    cookie.slice(0, -1),
    cookie.replace(id, 'A'.repeat(16)),
    `__Host-vibetribe-device=${id}.99999999999.${seal}`,
    `__Host-vibetribe-device=${'a'.repeat(100_000)}`,
  ])
    expect([forged, deviceOf(forged, 'ada@example.com')]).toEqual([forged, null]);
});
