import { serializeError } from './serialize-error.ts';

export const censor = '[redacted]';

/** Names, in lower case without `_` and `-`, whose text or object is never logged. */
const sensitiveNames = new Set([
  'code',
  'codeverifier',
  'databaseurl',
  'dpop',
  'encryptionkeys',
  'passphrase',
  'passwd',
  'passwordhash',
  'plaintext',
  'redisurl',
  'ticket',
  'tokenhash',
]);
/** And every name that ends like one of these: `accessToken`, `client_secret`, `set-cookie`, but not `tokenExpiresAt`. */
const sensitiveEnding =
  /(?:token|secret|password|cookie|authorization|credential|apikey|accesskey|privatekey|jwt|signature)s?$/;

const depthMax = 8;
const valuesMax = 1000;

/**
 * A copy of a log line's fields without secrets, at any depth and in any spelling of their names. Numbers and booleans stay.
 * Errors become what `serializeError` makes of them. What is deeper than 8 levels or beyond 1,000 values is left out.
 * @param untouched names at the top that have a serializer of their own
 */
export function redactFields(
  fields: Readonly<Record<string, unknown>>,
  untouched: ReadonlySet<string>,
): Record<string, unknown> {
  const budget = { valuesLeft: valuesMax };
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      untouched.has(name) ? value : redactField(name, value, depthMax, budget),
    ]),
  );
}

interface Budget {
  valuesLeft: number;
}

function redactField(name: string, value: unknown, depthLeft: number, budget: Budget): unknown {
  const canHold = typeof value === 'string' || (typeof value === 'object' && value !== null);
  return canHold && isSensitiveName(name) ? censor : redactValue(value, depthLeft, budget);
}

function redactValue(value: unknown, depthLeft: number, budget: Budget): unknown {
  budget.valuesLeft -= 1;
  if (typeof value !== 'object' || value === null) return value;
  if (depthLeft === 0 || budget.valuesLeft < 0) return '[left out]';
  if (value instanceof Error) return serializeError(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, valuesMax).map((item) => redactValue(item, depthLeft - 1, budget));
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return redactValue(value.toJSON(), depthLeft - 1, budget);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, redactField(name, item, depthLeft - 1, budget)]),
  );
}

function isSensitiveName(name: string): boolean {
  const plainName = name.toLowerCase().replaceAll(/[-_]/g, '');
  return sensitiveNames.has(plainName) || sensitiveEnding.test(plainName);
}
