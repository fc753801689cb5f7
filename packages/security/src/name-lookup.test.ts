import { createHook } from 'node:async_hooks';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LookupAll } from './checked-lookup.ts';
import { createNameLookup } from './name-lookup.ts';
import { agentWith } from './test-agents.ts';

const server = createSocket('udp4');
let lookup: LookupAll;
let silentlyAsked = 0;

/** A name server of one zone: `there.test` has an address, `broken.test` a fault, `silent.test` no answer, and nothing else exists. */
beforeAll(async () => {
  server.on('message', (question, { port, address }) => {
    const name = nameIn(question);
    const isForFour = question.readUInt16BE(12 + name.length + 2) === 1;
    if (name.endsWith('silent.test')) {
      silentlyAsked += 1;
      return;
    }
    const isThere = name === 'there.test';
    const record =
      isThere && isForFour ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 93, 184, 216, 34]) : null;
    const head = Buffer.from(question.subarray(0, 12));
    head.writeUInt16BE(0x8180 + (isThere ? 0 : name === 'broken.test' ? 2 : 3), 2);
    head.writeUInt16BE(record === null ? 0 : 1, 6);
    head.writeUInt32BE(0, 8);
    const asked = question.subarray(12, 12 + name.length + 2 + 4);
    server.send(Buffer.concat([head, asked, record ?? Buffer.alloc(0)]), port, address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  lookup = createNameLookup([`127.0.0.1:${server.address().port}`]);
});
afterAll(() => void server.close());

const resolve = (hostname: string) =>
  new Promise((done) => lookup(hostname, { all: true }, (error, addresses) => done(error?.code ?? addresses)));

test('a name has the addresses that the DNS tells, and what has none fails as by the system', async () => {
  expect(await resolve('there.test')).toEqual([{ address: '93.184.216.34', family: 4 }]);
  expect(await resolve('nowhere.test')).toBe('ENOTFOUND');
  expect(await resolve('broken.test')).toBe('EAI_AGAIN');
});

test.each(['localhost', 'a.LOCALHOST', 'localhost.'])('%s is this machine, whatever the DNS tells', async (name) => {
  expect(await resolve(name)).toEqual([
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ]);
});

test('names whose server stays silent end by themselves, and others are answered beside them', async () => {
  const silent = Array.from({ length: 32 }, (_, index) => resolve(`s${index}.silent.test`));
  expect(await resolve('there.test')).toHaveLength(1);
  expect(new Set(await Promise.all(silent))).toEqual(new Set(['EAI_AGAIN']));
  expect(silentlyAsked).toBeGreaterThanOrEqual(silent.length);
});

test('an agent asks the system, which has few threads for it, about allowed names alone', async () => {
  const questions: string[] = [];
  using _hook = countingQuestions(questions);
  const agent = agentWith({ allow: (host) => host === 'allowed.invalid' });
  const ask = (host: string) =>
    agent.request({ origin: `https://${host}`, path: '/', method: 'GET' }).catch(() => null);
  await ask('others.invalid');
  expect(questions).toEqual(['QUERYWRAP', 'QUERYWRAP']);
  await ask('allowed.invalid');
  expect(questions).toEqual(['QUERYWRAP', 'QUERYWRAP', 'GETADDRINFOREQWRAP']);
});

/** The system's look-ups and the DNS's, as Node names them. */
function countingQuestions(questions: string[]): Disposable {
  const hook = createHook({
    init: (_id, type) => void (/^(?:GETADDRINFOREQWRAP|QUERYWRAP)$/.test(type) && questions.push(type)),
  });
  hook.enable();
  return { [Symbol.dispose]: () => void hook.disable() };
}

function nameIn(question: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; question[at] !== 0; at += (question[at] ?? 0) + 1)
    labels.push(question.toString('latin1', at + 1, at + 1 + (question[at] ?? 0)));
  return labels.join('.').toLowerCase();
}
