import type { z } from 'zod';
import { DemoError } from './demo-error.ts';

export interface Call {
  method?: 'GET' | 'POST';
  url: string;
  bearer?: string;
  /** Sent as JSON, but for a form. */
  body?: unknown;
  signal: AbortSignal;
}

const callTimeoutMs = 15_000;

/**
 * One HTTP call that answers JSON of the given shape; redirects are followed, as a browser would.
 * @throws DemoError with what the server said
 */
export async function callJson<Schema extends z.ZodType>(schema: Schema, call: Call): Promise<z.output<Schema>> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (call.bearer !== undefined) headers['authorization'] = `Bearer ${call.bearer}`;
  const form = call.body instanceof FormData ? call.body : null;
  if (call.body !== undefined && form === null) headers['content-type'] = 'application/json';
  const what = `${call.method ?? 'GET'} ${new URL(call.url).pathname}`;
  const response = await fetch(call.url, {
    method: call.method ?? 'GET',
    headers,
    body: call.body === undefined ? null : (form ?? JSON.stringify(call.body)),
    signal: AbortSignal.any([call.signal, AbortSignal.timeout(callTimeoutMs)]),
  });
  const text = await response.text();
  if (!response.ok) throw new DemoError(`${what} answered ${response.status}: ${excerpt(text)}`);
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw new DemoError(`${what} answered in an unexpected shape.`, { cause: parsed.error });
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function excerpt(text: string): string {
  return text.slice(0, 500).replaceAll(/\s+/g, ' ');
}
