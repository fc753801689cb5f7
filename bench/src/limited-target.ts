import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** X's API with a narrow limit that no success tells: twenty posts in five seconds, then 429 until they are over. `GET /` tells how many requests came. */
const limit = { posts: 20, windowMs: 5_000 };
let requests = 0;
let accepted = 0;
let window = { startsAtMs: 0, posts: 0 };

const server = createServer((request, response) => {
  const send = (status: number, body: object, headers: Record<string, string> = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  request.resume().on('end', () => {
    if (request.method === 'GET') return send(200, { requests, accepted });
    requests += 1;
    const nowMs = Date.now();
    if (nowMs - window.startsAtMs > limit.windowMs) window = { startsAtMs: nowMs, posts: 0 };
    window.posts += 1;
    if (window.posts > limit.posts) {
      const resetAtSeconds = Math.ceil((window.startsAtMs + limit.windowMs) / 1_000);
      return send(429, { title: 'Too Many Requests' }, { 'x-rate-limit-reset': String(resetAtSeconds) });
    }
    accepted += 1;
    return send(201, { data: { id: String(accepted), text: '', edit_history_tweet_ids: [String(accepted)] } });
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
// Its standard input is a pipe from whoever started it: closed when that one is gone, however it went.
process.stdin.on('end', () => process.exit(0)).resume();
