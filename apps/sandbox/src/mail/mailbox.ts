import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { parseControl } from '../control/control-input.ts';
import { type MailParts, parseMail } from './parse-mail.ts';
import type { ReceivedEnvelope } from './smtp-receiver.ts';

/** A mail as it came; `to` are the addresses of the envelope. */
export type ReceivedMail = MailParts & { from: string; to: string[]; raw: string; receivedAt: string };

const MailConfig = z.strictObject({
  /** What mails are answered with; 250 takes them. */
  status: z.int().min(200).max(599).default(250),
  /** So many mails alone. */
  times: z.int().min(1).optional(),
});
const MailQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
  to: z.string().optional(),
});

const keptMax = 5_000;

/** What the sandbox's SMTP server received, oldest first. */
export function createMailbox() {
  let kept: ReceivedMail[] = [];
  let received = 0;
  let config = MailConfig.parse({});

  return {
    take({ from, to, raw }: ReceivedEnvelope): string {
      const { status, times } = config;
      if (times !== undefined) config = MailConfig.parse(times > 1 ? { status, times: times - 1 } : {});
      if (status !== 250) return `${status} As asked for`;
      received += 1;
      kept.push({ from, to, raw, ...parseMail(raw), receivedAt: new Date().toISOString() });
      if (kept.length > keptMax) kept = kept.slice(-keptMax / 2);
      return '250 OK';
    },

    /** `GET /_sandbox/mail` and its settings. */
    control(app: FastifyInstance): void {
      app.get('/mail', (request) => {
        const { limit, to } = parseControl(MailQuery, request.query);
        const items = to === undefined ? kept : kept.filter((mail) => mail.to.includes(to));
        return { items: items.slice(-limit), received };
      });
      app.post('/mail/config', (request) => (config = parseControl(MailConfig, request.body)));
      app.delete('/mail', () => {
        kept = [];
        received = 0;
        config = MailConfig.parse({});
        return { cleared: true };
      });
    },
  };
}

export type Mailbox = ReturnType<typeof createMailbox>;
