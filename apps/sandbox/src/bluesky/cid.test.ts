import { expect, test } from 'vitest';
import { decodeBase32, encodeBase32 } from './base32.ts';
import { cidOf } from './cid.ts';
import { DataModelError, encodeDagCbor } from './dag-cbor.ts';
import { createTids, isTid } from './tid.ts';

test('the empty record has the CID that every implementation gives it', () => {
  expect(cidOf({})).toBe('bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua');
});

test('keys are ordered by length and then by bytes, whatever their order in the JSON', () => {
  expect(cidOf({ b: 1, aa: 2, a: 3 })).toBe(cidOf({ aa: 2, a: 3, b: 1 }));
  expect(encodeDagCbor({ bb: 1, a: [true, null, -1, 24, 'é'] }).toString('hex')).toBe(
    'a2616185f5f620181862c3a962626201',
  );
});

test('a link is encoded as a tagged CID, and floats and broken links are no part of the data model', () => {
  const link = { $link: cidOf({}) };
  expect(encodeDagCbor(link).subarray(0, 5).toString('hex')).toBe('d82a582500'.slice(0, 10));
  expect(() => encodeDagCbor(1.5)).toThrow(DataModelError);
  expect(() => encodeDagCbor({ $link: 'not a cid' })).toThrow(DataModelError);
});

test('base32 reads back what it wrote', () => {
  for (let length = 0; length < 40; length += 1) {
    const bytes = Uint8Array.from({ length }, (_each, index) => (index * 37) & 255);
    expect(decodeBase32(encodeBase32(bytes))).toEqual(bytes);
  }
  expect(decodeBase32('0189')).toBeUndefined();
});

test('TIDs have their form and increase within one microsecond', () => {
  const next = createTids(() => 1_700_000_000_000);
  const tids = Array.from({ length: 100 }, next);
  expect(tids.every(isTid)).toBe(true);
  expect(tids.toSorted()).toEqual(tids);
  expect(new Set(tids).size).toBe(100);
  expect(isTid('zzzzzzzzzzzzz')).toBe(false);
});
