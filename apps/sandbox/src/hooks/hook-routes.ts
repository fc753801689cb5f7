import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { parseControl } from '../control/control-input.ts';

/** A request to a webhook address of the sandbox, and what it was answered. */
export type ReceivedHook = {
  path: string;
  headers: Record<string, string>;
  /** As it was sent: what a signature is checked against. */
  body: string;
  receivedAt: string;
  status: number;
};

const HookConfig = z.strictObject({
  /** What messages are answered with; 204 by default. */
  status: z.int().min(200).max(599).default(204),
  delayMs: z.int().min(0).max(600_000).default(0),
  /** The share of messages that are answered 500 instead. */
  failRate: z.number().min(0).max(1).default(0),
});
const HooksQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(20_000).default(1_000) });

const keptMax = 20_000;
const keptCharactersMax = 64 * 1024 * 1024;

/** Receives webhooks: every POST under `/hooks` is kept, and under `/_sandbox/hooks`, where they are read. */
export function createHookReceiver() {
  let kept: ReceivedHook[] = [];
  let keptCharacters = 0;
  let config = HookConfig.parse({});

  return {
    receive(app: FastifyInstance): void {
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: 256 * 1024 }, (_request, body, done) =>
        done(null, body),
      );
      const handle = async (url: string, headers: Record<string, unknown>, body: unknown): Promise<number> => {
        const { status, delayMs, failRate } = config;
        const answered = randomInt(1_000) < failRate * 1_000 ? 500 : status;
        const shown = Object.entries(headers).map(([name, value]) => [name, String(value)]);
        const text = typeof body === 'string' ? body : '';
        const receivedAt = new Date().toISOString();
        kept.push({ path: url, headers: Object.fromEntries(shown), body: text, receivedAt, status: answered });
        keptCharacters += text.length;
        if (kept.length > keptMax || keptCharacters > keptCharactersMax) {
          kept = kept.slice(Math.ceil(kept.length / 2));
          keptCharacters = kept.reduce((sum, one) => sum + one.body.length, 0);
        }
        if (delayMs > 0) await delay(delayMs);
        return answered;
      };
      for (const path of ['/', '/*'])
        app.post(path, async (request, reply) =>
          reply.code(await handle(request.originalUrl, request.headers, request.body)).send(),
        );
    },

    /** `GET /_sandbox/hooks` and its settings. */
    control(app: FastifyInstance): void {
      app.get('/hooks', (request) => {
        const { limit } = parseControl(HooksQuery, request.query);
        return { items: kept.slice(-limit), received: kept.length };
      });
      app.post('/hooks/config', (request) => (config = parseControl(HookConfig, request.body)));
      app.delete('/hooks', () => {
        kept = [];
        keptCharacters = 0;
        config = HookConfig.parse({});
        return { cleared: true };
      });
    },
  };
}

export type HookReceiver = ReturnType<typeof createHookReceiver>;
