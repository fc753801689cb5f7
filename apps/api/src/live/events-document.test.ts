import { readFile } from 'node:fs/promises';
import { ClientMessage, ServerMessage } from '@vibetribe/contracts/live-message';
import { expect, test } from 'vitest';
import { closeCodes } from './close-codes.ts';
import { organizationAllowance, socketAllowance } from './message-budget.ts';

const document = await readFile(new URL('../../../../docs/events.md', import.meta.url), 'utf8');

function firstCells(heading: string): string[] {
  const section = document.split(`### ${heading}`)[1]?.split('###')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `') || /^\| \d/.test(line))
    .flatMap((line) => (line.split('|')[1] ?? '').match(/[\w-]+/g) ?? []);
}

test('docs/events.md names every message that the server sends, and no others', () => {
  const types = ServerMessage.options.map((option) => option.shape.type.value);
  expect(firstCells('What the server sends').toSorted()).toEqual(types.toSorted());
});

test('docs/events.md names every message that a client may send, and no others', () => {
  expect(firstCells('What a client may send').toSorted()).toEqual(ClientMessage.shape.type.options.toSorted());
});

test('docs/events.md names every code that we close with', () => {
  expect(firstCells('Close codes')).toEqual(expect.arrayContaining(Object.values(closeCodes).map(String)));
});

test('docs/events.md tells the budgets as they are', () => {
  const kib = (bytes: number) => `${bytes / 1024} KiB`;
  const { messages, messagesPerSecond, bytes, bytesPerSecond } = socketAllowance;
  expect(document.replaceAll(/\s+/g, ' ')).toContain(
    `${messages} messages at once and ${messagesPerSecond} a second, ${kib(bytes)} at once and ${kib(bytesPerSecond)} a second`,
  );
  expect(document.replaceAll(/\s+/g, ' ')).toContain(
    `${organizationAllowance.messages.toLocaleString('en')} and ${organizationAllowance.messagesPerSecond}, 4 MiB and ${kib(organizationAllowance.bytesPerSecond)}`,
  );
});
