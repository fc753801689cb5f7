import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { hashToken } from './opaque-token.ts';

const prefix = 'vt_';
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 190 bits. */
const entropyLength = 32;
const checksumLength = 6;

/** Finds API keys in text; for secret scanners. A match whose checksum is wrong is not a key. */
export const apiKeyPattern = /\bvt_[0-9A-Za-z]{38}\b/;

/**
 * `vt_`, 32 random base62 digits and 6 digits of CRC-32 over the part before, so that a typing error or a look-alike is told
 * from a key without asking the database. After GitHub's token format:
 * https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/ (2021-04-05).
 */
export function newApiKey(): string {
  const body = prefix + Array.from({ length: entropyLength }, () => digits[randomInt(digits.length)]).join('');
  return body + checksumOf(body);
}

/** Whether it can be a key at all: prefix, length, digits and checksum. */
export function isApiKeyShaped(text: string): boolean {
  if (text.length !== prefix.length + entropyLength + checksumLength || !apiKeyPattern.test(text)) return false;
  return checksumOf(text.slice(0, -checksumLength)) === text.slice(-checksumLength);
}

/** What is stored: SHA-256, hex. */
export function hashApiKey(key: string): string {
  return hashToken(key);
}

function checksumOf(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let place = 0; place < checksumLength; place += 1) {
    text = (digits[rest % digits.length] ?? '') + text;
    rest = Math.floor(rest / digits.length);
  }
  return text;
}
