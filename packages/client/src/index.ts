export { createClient, type Client, type ClientOptions } from './create-client.ts';
export { ProblemError, type ErrorCode, type Problem } from './problem-error.ts';
export { repeatable, type IdempotencyHeader } from './repeatable.ts';
export type { Paths, Schemas } from './paths.ts';
export type { SessionTokens } from './credentials.ts';
export type { LiveConnection, LiveOptions, LiveState } from './live/open-live.ts';
export type { LiveMessage, LiveRequest } from './live/live-message.ts';
export type { WebSocketClass } from './live/web-socket-class.ts';
