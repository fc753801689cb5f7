import { describe, expect, test } from 'vitest';
import { ConnectionLostError, ConnectionUnavailableError } from '@vibetribe/db/product-pool';
import { callStore } from '@vibetribe/queue/call-store';
import { errorCodes } from '@vibetribe/contracts/error-code';
import { databaseFault } from './database-fault.ts';
import { refusalOf } from './problem-handler.ts';

const withCode = (code: string) => Object.assign(new Error('text that nobody matches'), { code });

describe('a fault of the database that passes', () => {
  test.each(['ECONNREFUSED', '57P01', '57P03', '08006', '53300', '55P03', '57014', '40P01'])(
    '%s is found, however deep it lies',
    (code) => {
      expect(databaseFault(new Error('a', { cause: new Error('b', { cause: withCode(code) }) }))).toBe(code);
    },
  );

  test('an exhausted pool is told as 503 with the time to try again', () => {
    const error = new Error('a query failed', { cause: new ConnectionUnavailableError('no connection') });
    expect(refusalOf(error)).toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
  });

  test('a connection that ended under a statement is told as 503, although nobody gave its end a code', () => {
    const error = new ConnectionLostError('lost', { cause: new Error('Connection terminated unexpectedly') });
    expect(refusalOf(error)).toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
  });

  test('a queue that is away is told as 503, also where its store only stays silent', async () => {
    const silent = callStore(1, 'counting jobs', new Promise<never>(() => undefined));
    expect(refusalOf(await silent.catch((error: Error) => error))).toMatchObject({
      code: 'unavailable',
      retryAfterSeconds: 1,
    });
  });

  test.each([
    ['53100', 'unavailable', 503],
    ['25006', 'unavailable', 503],
    ['ENOSPC', 'storage_full', 507],
  ] as const)('%s, no room or no writes, is told as %s', (code, wanted, status) => {
    const refusal = refusalOf(new Error('a query failed', { cause: withCode(code) }));
    expect(refusal).toMatchObject({ code: wanted, retryAfterSeconds: 30 });
    expect(errorCodes[refusal.code].status).toBe(status);
  });

  test.each(['23505', '42501', '22P02', '42P01'])('%s is a bug of ours, not one of those', (code) => {
    expect(databaseFault(withCode(code))).toBeNull();
  });

  test('an error that is its own cause ends the search', () => {
    const error = new Error('a');
    error.cause = error;
    expect(databaseFault(error)).toBeNull();
  });
});
