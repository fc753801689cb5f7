import { expect, test } from 'vitest';
import { testFilmFacts } from '../testing/test-media.ts';
import { hasTelephone } from './text.ts';
import { validateBusiness } from './validate.ts';

const event = { title: 'Bread day', startDate: '2026-12-24', endDate: '2026-12-24' };
const findings = (options: Record<string, unknown>, text = 'Fresh bread') =>
  validateBusiness({ text, options, media: [] }).map(({ severity, field }) => `${severity} ${field}`);

test.each([
  [{ topic: 'event' }, 'options.event'],
  [{ topic: 'offer' }, 'options.event'],
  [{ event }, 'options.event'],
  [{ offer: { couponCode: 'TEN' } }, 'options.offer'],
  [{ topic: 'offer', event, callToAction: { type: 'call' } }, 'options.callToAction'],
  [{ callToAction: { type: 'call', url: 'https://example.com/' } }, 'options.callToAction'],
  [{ callToAction: { type: 'book' } }, 'options.callToAction'],
  [{ topic: 'event', event: { ...event, title: 'x'.repeat(59) } }, 'options.event.title'],
  [{ topic: 'event', event: { ...event, endDate: '2026-12-23' } }, 'options.event.endDate'],
  [{ topic: 'event', event: { ...event, startTime: '10:00', endTime: '09:00' } }, 'options.event.endDate'],
  [{ topic: 'event', event: { ...event, startTime: '25:00' } }, 'options.event.startTime'],
])('%j is refused under %s', (options, field) => {
  expect(findings(options)).toEqual([`error ${field}`]);
});

test('an event may do without a text, an update may not', () => {
  expect(findings({ topic: 'event', event: { ...event, startTime: '09:00' } }, '')).toEqual([]);
  expect(findings({}, '')).toEqual(['error content']);
});

test('a photo of fewer than 10 KB is a warning', () => {
  const photo = (bytes: number) => testFilmFacts({ kind: 'image', mimeType: 'image/jpeg', bytes });
  const fields = (bytes: number) =>
    validateBusiness({ text: 'Bread', options: {}, media: [photo(bytes)] }).map(({ code }) => code);
  expect([fields(10_240), fields(10_239)]).toEqual([[], ['media_small']]);
});

test.each([
  ['Call +49 30 1234567', true],
  ['Call (030) 123-4567 today', true],
  ['555.123.4567', true],
  ['run 1795828568891 of 2026-11-28', false],
  ['12 rolls for 3.50, 100 of them', false],
])('%s: a telephone number: %s', (text, is) => {
  expect(hasTelephone(text)).toBe(is);
  expect(findings({}, text)).toEqual(is ? ['warning content'] : []);
});
