import { crc32, deflateSync } from 'node:zlib';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface TestPages extends AsyncDisposable {
  readonly origin: string;
  readonly host: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
}

export type Page = (response: ServerResponse, request: IncomingMessage) => void;

/** A web server of pages that are told; what is not answers 404. */
export async function startPages(pages: Readonly<Record<string, Page>>): Promise<TestPages> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    asked.push(path);
    response.on('error', () => undefined);
    const page = pages[path];
    if (page === undefined) response.writeHead(404).end();
    else page(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin: `http://${host}`,
    host,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function htmlPage(head: string, contentType = 'text/html; charset=utf-8'): Page {
  return (response) =>
    response.writeHead(200, { 'content-type': contentType }).end(`<html><head>${head}</head><body></body></html>`);
}

/** Its head comes, and then nothing but more of it. */
export function endlessPage(head: string): Page {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.write(`<html><head>${head}`);
    const more = setInterval(() => response.write('<!-- -->'), 20);
    response.on('close', () => clearInterval(more));
  };
}

/** As much as is taken, with a title at the beginning and its picture behind the first half. */
export function longPage(bytes: number, title: string): Page {
  const filler = `<!-- ${'x'.repeat(64 * 1024)} -->`;
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.write(`<html><head><title>${title}</title>`);
    let left = bytes;
    const more = () => {
      while (left > 0) {
        left -= filler.length;
        if (!response.write(filler)) return void response.once('drain', more);
      }
      response.end('<meta property="og:image" content="/late.png"></head></html>');
    };
    more();
  };
}

export function redirectTo(location: string): Page {
  return (response) => response.writeHead(302, { location }).end();
}

export function imageFile(bytes: Buffer, contentType: string): Page {
  return (response) => response.writeHead(200, { 'content-type': contentType }).end(bytes);
}

/** A picture of one colour. */
export function solidPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const data = deflateSync(Buffer.alloc((width * 3 + 1) * height), { level: 1 });
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
