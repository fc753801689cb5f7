import { expect, test } from 'vitest';
import { isAddressLiteral, isPublicAddress } from './public-address.ts';

test.each(['93.184.216.34', '8.8.8.8', '172.32.0.1', '2606:2800:220:1::1', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'])(
  '%s is public',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.255',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:a9fe:a9fe',
  '::ffff:0:127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::8.8.8.8',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '4000::1',
  '2130706433',
  '0x7f.1',
  '0177.0.0.1',
  '0',
  '127.1',
  '',
  'localhost',
  'not an address',
  '999.1.1.1',
])('%s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test('an address is told from a name in every form', () => {
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0x7f000001',
    '017700000001',
    '0',
    '::1',
    '::ffff:127.0.0.1',
    'fe80::1%eth0',
  ]) {
    expect(isAddressLiteral(host)).toBe(true);
  }
  for (const host of ['localhost', 'example.com', 'xn--bcher-kva.example', '1and1.example', 'cafe'])
    expect(isAddressLiteral(host)).toBe(false);
});
