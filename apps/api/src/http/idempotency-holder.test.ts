import { waitFor } from '@vibetribe/testkit/wait-for';
import { describe, expect, test } from 'vitest';
import { answerInTransaction } from './idempotency.ts';
import { api, db, repeatableApp, post } from './test-idempotency.ts';

describe('a holder that fails', () => {
  test('a request whose process died is free again when its time is over', async () => {
    let runs = 0;
    const dead = Promise.withResolvers<void>();
    const { app } = await repeatableApp(
      async () => {
        runs += 1;
        if (runs === 1) await dead.promise;
        return { runs };
      },
      { lockMs: 300 },
    );
    const first = post(app, 'k1');
    await waitFor(() => runs === 1, { describe: 'the first request to be under way' });
    const second = await waitFor(
      async () => {
        const answer = await post(app, 'k1');
        return answer.status === 409 ? null : answer;
      },
      { describe: 'the key to be free' },
    );
    expect(second?.json).toEqual({ runs: 2 });
    dead.resolve();
    // It wakes up after all: its answer may not replace the one that was given.
    expect((await first).status).toBe(409);
    expect((await post(app, 'k1')).json).toEqual({ runs: 2 });
  });

  test('one that wakes up while its successor is at work can neither answer for it nor free its key', async () => {
    let runs = 0;
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { app } = await repeatableApp(
      async () => {
        const run = (runs += 1);
        await gates[run - 1]?.promise;
        return { run };
      },
      { lockMs: 1_000 },
    );
    const first = post(app, 'k1');
    await waitFor(() => runs === 1, { describe: 'the first request to be under way' });
    let second = first;
    await waitFor(
      () => {
        second = post(app, 'k1');
        return Promise.race([
          second.then(() => false),
          waitFor(() => runs === 2, { timeoutMs: 2_000, describe: 'it' }),
        ]);
      },
      { describe: 'the second request to be under way' },
    );
    gates[0]?.resolve();
    expect((await first).status).toBe(409);
    gates[1]?.resolve();
    expect(await second).toMatchObject({ status: 200, json: { run: 2 } });
    expect(await post(app, 'k1')).toMatchObject({ replayed: 'true', json: { run: 2 } });
  });

  test('a request that timed out keeps its key until it is really over, and its answer then counts', async () => {
    let runs = 0;
    const slow = Promise.withResolvers<void>();
    const work = async () => {
      runs += 1;
      await slow.promise;
      return { runs };
    };
    const { app: hasty, actor } = await repeatableApp(work, { timeoutMs: 1_000 });
    // The same user at a replica that has time, however slow the database is.
    const { app } = await repeatableApp(work, { actor });
    expect(await post(hasty, 'k1')).toMatchObject({ status: 503, json: { code: 'timeout' } });
    expect((await post(app, 'k1')).status).toBe(409);
    slow.resolve();
    const answer = await waitFor(
      async () => {
        const later = await post(app, 'k1');
        return later.status === 409 ? null : later;
      },
      { describe: 'the slow request to be over' },
    );
    expect([answer?.json, answer?.replayed, runs]).toEqual([{ runs: 1 }, 'true', 1]);
  });

  test("an answer written in the work's own transaction survives a crash right after the commit", async () => {
    const { app, actor } = await repeatableApp(async (request, reply) => {
      reply.code(201);
      await db.asTenant(actor.organizationId, async (tx) => {
        await answerInTransaction(request, { status: 201 })?.(tx, { id: 'made once', secret: 'hush' });
      });
      throw new Error('the process dies before it answers');
    });
    expect((await post(app, 'k1')).status).toBe(500);
    expect(await post(app, 'k1')).toMatchObject({ status: 201, replayed: 'true', json: { id: 'made once' } });
  });

  test('work in a transaction is rolled back where another request has taken the key over', async () => {
    let runs = 0;
    const frozen = Promise.withResolvers<void>();
    const { app, actor } = await repeatableApp(
      async (request) => {
        const run = (runs += 1);
        if (run === 1) await frozen.promise;
        await db.asTenant(actor.organizationId, async (tx) => {
          await tx.execute(
            `insert into notifications (id, organization_id, kind, title, body) values ('ntf_${actor.organizationId}_${run}', '${actor.organizationId}', 'k', 't', 'b')`,
          );
          await answerInTransaction(request, { status: 200 })?.(tx, { run });
        });
        return { run };
      },
      { lockMs: 200 },
    );
    const first = post(app, 'k1');
    await waitFor(() => runs === 1, { describe: 'the first request to be under way' });
    await waitFor(async () => (await post(app, 'k1')).status === 200, { describe: 'the key to be free' });
    frozen.resolve();
    expect((await first).status).toBe(409);
    expect(
      await api.sql('select id from notifications where organization_id = $1', [actor.organizationId]),
    ).toHaveLength(1);
  });
});
