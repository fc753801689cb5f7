/** Why the server closes a WebSocket. docs/events.md says what a client should do. */
export const closeCodes = {
  goingAway: 1001,
  internalError: 1011,
  tooMany: 1013,
  tooSlow: 4008,
  signedOut: 4401,
  foreignOrigin: 4403,
} as const;
