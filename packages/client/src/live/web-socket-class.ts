/** What a browser's `WebSocket`, Node's and that of `ws` have in common. */
export interface LiveSocket {
  readonly readyState: number;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  send(text: string): void;
  close(): void;
}

export type WebSocketClass = new (url: string) => LiveSocket;

export const openState = 1;

/** @throws Error where there is none */
export function webSocketClass(given: WebSocketClass | undefined): WebSocketClass {
  const found = given ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  if (found === undefined) throw new Error('There is no WebSocket here: hand in that of the package ws.');
  return found;
}
