import { crc32, deflateSync } from 'node:zlib';
import { Media } from '@vibetribe/contracts/media';
import { callJson } from './call-json.ts';
import type { DemoTarget } from './connect-demo-accounts.ts';

const edge = 640;

/** Uploads a picture for the platforms that show none without one. @returns its id */
export async function uploadDemoPicture({ api, apiKey: bearer, signal }: DemoTarget): Promise<string> {
  const form = new FormData();
  form.set('file', new Blob([gradient()], { type: 'image/png' }), 'demo.png');
  const url = `${api}/api/v1/media/upload`;
  const { id } = await callJson(Media, { method: 'POST', url, bearer, body: form, signal });
  return id;
}

/** A PNG that goes from dark to light. */
function gradient(): Uint8Array<ArrayBuffer> {
  const rows = Buffer.alloc(edge * (edge * 3 + 1));
  for (let y = 0; y < edge; y += 1) {
    const start = y * (edge * 3 + 1);
    for (let x = 0; x < edge; x += 1) {
      const at = start + 1 + x * 3;
      rows[at] = Math.round((x / edge) * 255);
      rows[at + 1] = Math.round((y / edge) * 255);
      rows[at + 2] = 180;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(edge, 0);
  header.writeUInt32BE(edge, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const chunks = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))];
  return new Uint8Array(Buffer.concat([signature, ...chunks]));
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
