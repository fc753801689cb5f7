import { expect, test } from 'vitest';
import { ownServerOf } from './own-server.ts';

const entrance = 'https://entrance.example';
const document = (serviceEndpoint: string, id = '#atproto_pds') => ({ service: [{ id, serviceEndpoint }] });

test('the account goes on with the server that its document names', () => {
  expect(ownServerOf(document('https://pds.example/'), entrance)).toBe('https://pds.example');
  expect(ownServerOf(document('https://pds.example', 'did:plc:ada#atproto_pds'), entrance)).toBe('https://pds.example');
  expect(ownServerOf(document('http://127.0.0.1:4020'), 'http://127.0.0.1:4011')).toBe('http://127.0.0.1:4020');
});

test('it stays with the entrance where the document names none that can be used, or one without TLS', () => {
  expect(ownServerOf(undefined, entrance)).toBe(entrance);
  expect(ownServerOf(document('https://labels.example', '#atproto_labeler'), entrance)).toBe(entrance);
  expect(ownServerOf(document('not an address'), entrance)).toBe(entrance);
  expect(ownServerOf(document('https://user:password@pds.example'), entrance)).toBe(entrance);
  expect(ownServerOf(document('http://pds.example'), entrance)).toBe(entrance);
});
