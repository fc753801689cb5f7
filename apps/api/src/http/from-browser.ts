import type { FastifyRequest } from 'fastify';

/** Whether a browser sent it, for a page or out of one: a person is behind it, and may have followed anybody's link. */
export function isFromBrowser({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return (
    headers['sec-fetch-site'] !== undefined ||
    headers['sec-fetch-dest'] !== undefined ||
    headers.accept?.includes('text/html') === true
  );
}
