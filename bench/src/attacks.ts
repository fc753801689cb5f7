import { addAttackTarget } from '@vibetribe/api/test-attack-target';
import { type Attack, faultAttacks, textAttacks } from '@vibetribe/api/test-attacks';
import pg from 'pg';
import { type OpenApi, openApi } from './open-api.ts';
import { print, verdict } from './report.ts';
import type { Servers } from './servers.ts';

interface Result {
  readonly name: string;
  readonly status: number;
  readonly stallMs: number;
  readonly requestBytes: number;
  readonly answerBytes: number;
  readonly answerMs: number;
}

const shownMax = 5;

/** The whole list of attacks against a running API: how long its event loop stood still, and how much it answered for what was sent. */
export async function attacks(servers: Servers): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const api = stack.use(await openApi(servers));
  const pool = stack.adopt(new pg.Pool({ connectionString: api.databaseUrl, max: 2 }), (owner) => owner.end());
  const target = await addAttackTarget((text, values) => pool.query(text, values), api.organizationId);
  const all = [...faultAttacks(target), ...textAttacks(target)];
  print(`\n## Attacks: ${all.length} requests, one after the other`);
  const results: Result[] = [];
  for (const attack of all) results.push(await carryOut(api, attack));

  const by = (of: (result: Result) => number) => results.toSorted((one, other) => of(other) - of(one));
  const ratioOf = ({ answerBytes, requestBytes }: Result) => answerBytes / requestBytes;
  print('longest stalls of the event loop:');
  for (const { name, stallMs, answerMs } of by(({ stallMs: ms }) => ms).slice(0, shownMax))
    print(`${stallMs.toFixed(0).padStart(8)} ms, answered after ${answerMs.toFixed(0)} ms   ${name}`);
  print('largest answers:');
  for (const result of by(ratioOf).slice(0, shownMax))
    print(`${ratioOf(result).toFixed(2).padStart(8)} bytes for a byte, ${result.answerBytes} in all   ${result.name}`);
  print(`answered 5xx: ${results.filter(({ status }) => status >= 500).length}`);
  verdict(
    'longest stall of the event loop, ms',
    Math.max(...results.map(({ stallMs }) => stallMs)),
    { atMost: 500 },
    0,
  );
  verdict('largest answer for each byte of a request', Math.max(...results.map(ratioOf)), { atMost: 6 });
}

async function carryOut(api: OpenApi, { name, method, path, as, body }: Attack): Promise<Result> {
  const { origin } = new URL(api.url);
  await stallMsSinceLastAsked(origin);
  const startedAtMs = performance.now();
  const answer = await fetch(origin + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(as === 'nobody' ? {} : { authorization: `Bearer ${api.accessToken}` }),
    },
    body,
  });
  const answerBytes = (await answer.arrayBuffer()).byteLength;
  const answerMs = performance.now() - startedAtMs;
  const stallMs = await stallMsSinceLastAsked(origin);
  return { name, status: answer.status, stallMs, requestBytes: Buffer.byteLength(body), answerBytes, answerMs };
}

/** The API's own measurement, which begins anew whenever it is read. */
async function stallMsSinceLastAsked(origin: string): Promise<number> {
  const exposition = await (await fetch(`${origin}/metrics`)).text();
  const [, seconds] = /^nodejs_eventloop_lag_max_seconds(?:\{[^}]*\})? (\S+)$/m.exec(exposition) ?? [];
  if (seconds === undefined) throw new Error('the API tells nothing of its event loop');
  return Number(seconds) * 1_000;
}
