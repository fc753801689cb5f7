import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '@vibetribe/core/domain-error';
import { sendProblem } from './problem.ts';

/** Answers what no route takes: 405 with `Allow` where the path has other methods, else 404. Register before the routes. */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const methodsByPattern = new Map<string, Set<string>>();
  app.addHook('onRoute', (route) => {
    const methods = methodsByPattern.get(route.url) ?? new Set();
    for (const method of [route.method].flat()) methods.add(method);
    methodsByPattern.set(route.url, methods);
  });

  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const allowed = allowedMethods(methodsByPattern, pathOf(request.url));
    if (allowed.length === 0 || allowed.includes(request.method)) {
      return sendProblem(reply, new DomainError('not_found', 'There is no such address.'));
    }
    void reply.header('allow', allowed.join(', '));
    return sendProblem(reply, new DomainError('method_not_allowed', `This address takes ${allowed.join(', ')}.`));
  });
}

function allowedMethods(methodsByPattern: ReadonlyMap<string, ReadonlySet<string>>, path: string): string[] {
  const allowed = new Set<string>();
  for (const [pattern, methods] of methodsByPattern) {
    if (matches(pattern, path)) for (const method of methods) allowed.add(method);
  }
  return [...allowed].toSorted();
}

function matches(pattern: string, path: string): boolean {
  if (pattern === '*') return false;
  const wanted = pattern.split('/');
  const given = path.split('/');
  return wanted.length === given.length && wanted.every((part, index) => part.startsWith(':') || part === given[index]);
}

export function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
