import { expect, test } from 'vitest';
import { readRepositoryFile, repositoryFiles } from './repository.ts';

/** A reply that is sent is gone before it can be remembered: what a repeatable route answers has to be returned. */
test('no route that honours Idempotency-Key sends its reply by itself', () => {
  const routes = repositoryFiles()
    .filter((path) => /^apps\/api\/src\/routes\/.+\.ts$/.test(path) && !path.endsWith('.test.ts'))
    .flatMap((path) => routesOf(readRepositoryFile(path)).map((text) => ({ path, text })));
  const repeatable = routes.filter(({ text }) => text.includes('idempotent:'));
  expect(repeatable.length).toBeGreaterThan(5);
  expect(repeatable.filter(({ text }) => sends(text)).map(({ path, text }) => `${path}: ${text.slice(0, 60)}`)).toEqual(
    [],
  );
});

test('a reply that is sent is noticed', () => {
  const [first, second] = routesOf("app.post('/a', async () => reply.send(1));\napp.get('/b', async () => 2);");
  expect([sends(first ?? ''), sends(second ?? '')]).toEqual([true, false]);
});

function routesOf(source: string): string[] {
  return source.split(/(?=\bapp\.(?:get|post|put|patch|delete)\()/).slice(source.startsWith('app.') ? 0 : 1);
}

function sends(text: string): boolean {
  return /\.send\(/.test(text);
}
