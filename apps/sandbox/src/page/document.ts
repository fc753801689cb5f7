import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { html, type Html } from './html.ts';
import { refreshScript } from './refresh-script.ts';
import { stylesheet } from './stylesheet.ts';

/**
 * Sends a whole page. It loads nothing and runs nothing but its own stylesheet and, where it `refreshes` itself, its
 * own script: the policy names both by their digest. `formTargets` are origins that a form may end at.
 */
export function sendDocument(
  reply: FastifyReply,
  page: { title: string; body: Html; status?: number; refreshes?: boolean; formTargets?: readonly string[] },
): FastifyReply {
  const script = page.refreshes === true ? refreshScript : undefined;
  const policy = [
    "default-src 'none'",
    `style-src ${digestSource(stylesheet)}`,
    `script-src ${script === undefined ? "'none'" : digestSource(script)}`,
    "connect-src 'self'",
    `form-action ${["'self'", ...(page.formTargets ?? [])].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return reply
    .code(page.status ?? 200)
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    .send(render(page.title, page.body, script));
}

function render(title: string, body: Html, script: string | undefined): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        ${element('style', stylesheet)}
      </head>
      <body>
        ${body} ${script === undefined ? null : element('script', script)}
      </body>
    </html> `.markup;
}

/** Its content is under a digest: not a blank may be added. */
function element(name: 'style' | 'script', content: string): Html {
  return { markup: `<${name}>${content}</${name}>` };
}

function digestSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
