import { z } from 'zod';
import { firstGraphemes } from '../text/graphemes.ts';

/** An id as a platform gives it: printable, without spaces, of a length that can be kept. Fits ids, URIs and URNs. */
export function foreignId() {
  return z.string().min(1).max(foreignIdCharactersMax).regex(printable);
}

/** Ids of the Graph API come as strings, in some answers as numbers; those beyond 2^53 only as strings. */
export function foreignNumericId() {
  return z.union([z.string(), z.int().nonnegative().transform(String)]).pipe(z.string().regex(/^\d{1,30}$/u));
}

/** A token as it goes into a header. */
export function foreignToken() {
  return z.string().min(1).max(foreignTokenCharactersMax).regex(printable);
}

export const foreignIdCharactersMax = 500;
export const foreignTokenCharactersMax = 16_384;
const urlCharactersMax = 2_000;
const printable = /^[\x21-\x7e]+$/u;

/** A web address that a person can be sent to, or null. */
export function webUrlIn(given: string | null | undefined): string | null {
  if (typeof given !== 'string' || given.length > urlCharactersMax || !/^https?:\/\//iu.test(given)) return null;
  return URL.canParse(given) ? new URL(given).href : null;
}

const lifeSecondsMax = 10 * 365 * 86_400;

/** When a token ends that lives for so many seconds; undefined for a number that means "never" or nothing at all. */
export function endOfLife(now: Date, seconds: number | null | undefined): string | undefined {
  if (typeof seconds !== 'number' || !(seconds > 0) || seconds > lifeSecondsMax) return undefined;
  return new Date(now.getTime() + seconds * 1_000).toISOString();
}

const epochSecondsMax = 253_402_300_799;

/** A time in seconds since 1970 as ISO 8601; undefined where it is none that can be kept. */
export function timeAt(epochSeconds: number | null | undefined): string | undefined {
  if (typeof epochSeconds !== 'number' || !(epochSeconds > 0) || epochSeconds > epochSecondsMax) return undefined;
  return new Date(epochSeconds * 1_000).toISOString();
}

/** A name as a person reads it: one line, no control characters and no marks that turn the direction of the text around it. */
export function cleanName(given: string, charactersMax: number): string {
  const line = given
    .slice(0, charactersMax * 8)
    .toWellFormed()
    .replace(
      /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]+/gu,
      ' ',
    )
    .replace(/\s+/gu, ' ')
    .trim();
  return firstGraphemes(line, charactersMax).trim();
}
