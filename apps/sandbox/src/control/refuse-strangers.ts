import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RefusalError } from '../answer.ts';
import { controlError } from './control-input.ts';

/**
 * The control API has no credentials: it is for programs on this machine and for the sandbox's own page. A page of another origin is
 * refused, and so is one that reached this port under a public name of its own, which it made to lead here.
 */
export function refuseStrangers(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ headers }) => {
    if (isLocalHost(headers.host) && isSameOrigin(headers)) return;
    throw new RefusalError(
      controlError(403, 'foreign_origin', 'The control API answers programs and its own page only'),
    );
  });
}

/** An address, a name without a dot, as machines have for each other, or one of a reserved zone: no public name is any of these. */
function isLocalHost(host: string | undefined): boolean {
  const url = `http://${host ?? ''}`;
  if (host === undefined || !URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  const name = hostname.replace(/^\[|\]$/g, '');
  return isIP(name) !== 0 || !name.includes('.') || /\.(localhost|internal)$/.test(name);
}

function isSameOrigin(headers: FastifyRequest['headers']): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  return headers.origin === undefined || headers.origin === `http://${headers.host ?? ''}`;
}
