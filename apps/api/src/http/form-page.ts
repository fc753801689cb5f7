import { type ErrorCode, errorCodes } from '@vibetribe/contracts/error-code';
import { DomainError } from '@vibetribe/core/domain-error';
import { escapeMarkup } from '@vibetribe/core/escape-markup';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../api-services.ts';
import { page, pagePolicy } from './page.ts';

const formType = 'application/x-www-form-urlencoded';
const formBytesMax = 16 * 1024;

/** What a link carries. */
const LinkQuery = z.object({ token: z.string().max(200).default('') });
const LinkForm = z.object({
  token: z.string().max(200).default(''),
  name: z.string().max(200).optional(),
  password: z.string().max(200).optional(),
  totp: z.string().max(50).optional(),
});
export type LinkForm = z.infer<typeof LinkForm>;

export interface Field {
  readonly name: 'name' | 'password' | 'totp';
  readonly label: string;
  readonly autocomplete: string;
  readonly isOptional?: true;
}

/** What a page asks before it does anything: a link that is only opened, as mail scanners do, changes nothing. */
export interface Question {
  readonly title: string;
  readonly text?: string;
  readonly fields: readonly Field[];
  readonly button: string;
}

/** A page that a mailed link opens: it asks, its form comes back to the same address, and it tells what came of it. */
export interface FormPage {
  /** From the root. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  /** Refusals of its own, beside that of a link which is not good. */
  readonly errors?: readonly ErrorCode[];
  /** @throws DomainError */
  ask(token: string): Promise<Question> | Question;
  /** @returns what is told @throws DomainError */
  answer(form: LinkForm, request: FastifyRequest): Promise<string>;
}

/** The address of a page, as a link in a mail. */
export function pageUrl({ publicUrl }: Pick<ApiServices, 'publicUrl'>, path: string, token: string): string {
  return `${publicUrl()}${path}?token=${encodeURIComponent(token)}`;
}

/** The pages' routes, in a scope of their own: nowhere else is a form a body. */
export const formPages: FastifyPluginAsyncZod<{ pages: readonly FormPage[] }> = async (app, { pages }) => {
  acceptForms(app);
  for (const one of pages) {
    const { path, operationId, summary, tag } = one;
    app.get(
      path,
      {
        config: { access: 'public', isPage: true, errors: ['link_invalid', ...(one.errors ?? [])] },
        schema: {
          operationId: `${operationId}Page`,
          summary: `${summary}: the page`,
          tags: [tag],
          produces: ['text/html'],
          querystring: LinkQuery,
          response: { 200: z.string() },
        },
      },
      async (request, reply) => {
        const { token } = request.query;
        return show(reply, async () => questionMarkup(await one.ask(token), token));
      },
    );
    app.post(
      path,
      {
        config: { access: 'public', isPage: true, errors: ['link_invalid', ...(one.errors ?? [])] },
        schema: {
          operationId: `${operationId}Form`,
          summary,
          tags: [tag],
          consumes: [formType],
          produces: ['text/html'],
          querystring: LinkQuery,
          body: LinkForm,
          response: { 200: z.string() },
        },
      },
      async (request, reply) => {
        // One-click unsubscribing carries the token in the address alone.
        const token = request.body.token === '' ? request.query.token : request.body.token;
        return show(
          reply,
          async () => `<h1>${escapeMarkup(await one.answer({ ...request.body, token }, request))}</h1>`,
          async () => questionMarkup(await one.ask(token), token),
        );
      },
    );
  }
};

function acceptForms(app: FastifyInstance): void {
  const fieldsOf = async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body));
  app.addContentTypeParser<string>(formType, { parseAs: 'string', bodyLimit: formBytesMax }, fieldsOf);
}

/** @param again what is shown below a refusal */
async function show(reply: FastifyReply, body: () => Promise<string>, again?: () => Promise<string>): Promise<never> {
  void reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8');
  try {
    return reply.send(page(await body())) as never;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    if (error.retryAfterSeconds !== null) void reply.header('retry-after', error.retryAfterSeconds);
    const faults = error.errors.map(({ path, message }) => `${path} ${message}`);
    const told = faults.length === 0 ? error.message : faults.join('; ');
    const below = (await again?.().catch(() => '')) ?? '';
    return reply.code(errorCodes[error.code].status).send(page(`<p>${escapeMarkup(told)}</p>\n${below}`)) as never;
  }
}

function questionMarkup({ title, text, fields, button }: Question, token: string): string {
  const inputs = fields.map(({ name, label, autocomplete, isOptional }) => {
    const type = name === 'password' ? 'password' : 'text';
    return `<label>${escapeMarkup(label)}<br><input name="${name}" type="${type}" autocomplete="${autocomplete}"${isOptional === true ? '' : ' required'}></label>`;
  });
  return `<h1>${escapeMarkup(title)}</h1>
${text === undefined ? '' : `<p>${escapeMarkup(text)}</p>`}
<form method="post">
<input type="hidden" name="token" value="${escapeMarkup(token)}">
${inputs.join('\n')}
<p><button>${escapeMarkup(button)}</button></p>
</form>`;
}
