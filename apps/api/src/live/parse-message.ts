import { ClientMessage, type Ref } from '@vibetribe/contracts/live-message';
import type { RawData } from 'ws';

export type ParsedMessage =
  | { readonly message: ClientMessage; readonly ref: { readonly ref?: Ref } }
  | { readonly message: null; readonly ref: { readonly ref?: Ref } };

const refCharactersMax = 100;
/** What is larger is no message of ours, and is not parsed to find out what it is called. */
const namedBytesMax = 1024;

/** A client's message, and the `ref` that its answer carries: also where nothing else of it was understood. */
export function parseMessage(text: string): ParsedMessage {
  const value = jsonOf(text);
  const parsed = ClientMessage.safeParse(value);
  return { message: parsed.success ? parsed.data : null, ref: refIn(value) };
}

/** The `ref` of a message that is refused unread. */
export function refOf(data: RawData): { readonly ref?: Ref } {
  return Buffer.isBuffer(data) && data.length <= namedBytesMax ? refIn(jsonOf(data.toString())) : {};
}

function refIn(value: unknown): { readonly ref?: Ref } {
  const ref: unknown = typeof value === 'object' && value !== null && 'ref' in value ? value.ref : undefined;
  if (typeof ref === 'number') return { ref };
  return typeof ref === 'string' ? { ref: ref.slice(0, refCharactersMax) } : {};
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
