import { retryAfterMsOf } from '@vibetribe/platforms/http/retry-after';
import { AddressRefusedError } from '@vibetribe/security/address-refused-error';
import { createGuardedAgent, type GuardedAgentOptions } from '@vibetribe/security/guarded-agent';
import { request } from 'undici';
import type { DeliveryResult } from './record-delivery.ts';

export interface WebhookSender extends AsyncDisposable {
  send(message: {
    readonly url: string;
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
  }): Promise<DeliveryResult>;
}

const timeoutMs = 15_000;
const connectTimeoutMs = 5_000;
/** Of an answer's body nothing is kept; so much is read, so that the connection can be used again. */
const answerBytesMax = 16_384;

/** Sends to addresses that organizations choose: public ones alone, no redirect followed, each try over within 15 s. */
export function createWebhookSender({ allow }: Pick<GuardedAgentOptions, 'allow'>): WebhookSender {
  const dispatcher = createGuardedAgent({
    allow,
    connectTimeoutMs,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: answerBytesMax,
  });
  return {
    async send({ url, body, headers }) {
      const startedMs = performance.now();
      const result = async (): Promise<Omit<DeliveryResult, 'durationMs'>> => {
        try {
          const answer = await request(url, {
            dispatcher,
            method: 'POST',
            headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'VibeTribe-Webhooks/1' },
            body,
            signal: AbortSignal.timeout(timeoutMs),
          });
          answer.body.on('error', () => undefined);
          await answer.body.dump({ limit: answerBytesMax }).catch(() => undefined);
          const status = answer.statusCode;
          const isTaken = status >= 200 && status < 300;
          const wish = answer.headers['retry-after'];
          const told = typeof wish === 'string' ? { 'retry-after': wish } : {};
          return {
            status,
            error: isTaken ? null : `the receiver answered ${status}`,
            retryAfterMs: isTaken ? null : retryAfterMsOf({ headers: told, receivedAt: new Date() }),
          };
        } catch (error) {
          return { status: null, error: whyNot(error), retryAfterMs: null };
        }
      };
      return { ...(await result()), durationMs: Math.round(performance.now() - startedMs) };
    },
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

/** Short and without what the network looks like from here: whoever made the webhook reads it. */
function whyNot(error: unknown): string {
  if (hasCause(error, (cause) => cause instanceof AddressRefusedError)) return 'the address is not a public one';
  if (hasCause(error, (cause) => cause.name === 'TimeoutError' || /TIMEOUT/.test(codeOf(cause))))
    return `no answer within ${timeoutMs / 1000} seconds`;
  return 'the receiver could not be reached, or broke off';
}

function hasCause(error: unknown, test: (cause: Error) => boolean): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (test(cause)) return true;
  return false;
}

function codeOf(error: Error): string {
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : '';
}
