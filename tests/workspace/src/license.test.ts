import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { readRepositoryFile } from './repository.ts';

test('LICENSE is the text that package.json names, to the letter', () => {
  expect(JSON.parse(readRepositoryFile('package.json'))).toMatchObject({ license: 'AGPL-3.0-only' });
  // Of gnu.org/licenses/agpl-3.0.txt.
  expect(createHash('sha256').update(readRepositoryFile('LICENSE')).digest('hex')).toBe(
    '8486a10c4393cee1c25392769ddd3b2d6c242d6ec7928e1414efff7dfb2f07ef',
  );
});
