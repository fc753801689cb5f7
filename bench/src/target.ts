import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands for X's API: accepts every post at once and lists none. A process of its own, so that it costs every contender the same. */
let accepted = 0;
const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"meta":{"result_count":0}}');
    return;
  }
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  request.on('end', () => {
    accepted += 1;
    const body = JSON.stringify({
      data: { id: String(accepted), text: text.slice(0, 20), edit_history_tweet_ids: [String(accepted)] },
    });
    response
      .writeHead(201, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      .end(body);
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
// Its standard input is a pipe from whoever started it: closed when that one is gone, however it went.
process.stdin.on('end', () => process.exit(0)).resume();
