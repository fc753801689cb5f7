import { z } from 'zod';

/** A token or password as a person pastes it: surrounding white space goes, inner control characters are a fault. */
export function secretField(what: string): z.ZodType<string> {
  return z
    .string({ error: `${what} is missing` })
    .trim()
    .min(1, { error: `${what} is missing` })
    .max(4_096, { error: `${what} is too long` })
    .regex(/^[\x21-\x7e]*$/u, { error: `${what} must be printable ASCII without spaces` });
}

/** The origin of the user's own server: `https://social.example`, also given as `social.example` or with a path. */
export function serverOriginField(what: string): z.ZodType<string> {
  return z.string({ error: `${what} is missing` }).transform((given, context) => {
    const origin = serverOriginOf(given);
    if (origin !== null) return origin;
    context.addIssue({ code: 'custom', message: `${what} must be a web address such as https://social.example` });
    return z.NEVER;
  });
}

/** An http or https origin without credentials, or null. */
export function serverOriginOf(given: string): string | null {
  const trimmed = given.trim();
  const text = /^[a-z][a-z0-9+.-]*:\/\//iu.test(trimmed) ? trimmed : `https://${trimmed}`;
  if (text.length > 2_000 || !URL.canParse(text)) return null;
  const url = new URL(text);
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  return isWeb && url.username === '' && url.password === '' && url.hostname !== '' ? url.origin : null;
}
