import { crc32, deflateSync, inflateRawSync } from 'node:zlib';
import { Media } from '@vibetribe/contracts/media';
import { callJson } from './call-json.ts';
import type { DemoTarget } from './connect-demo-accounts.ts';

const edge = 640;

/** Uploads a picture or a film for the platforms that show nothing without one. @returns its id */
export async function uploadDemoMedia(
  { api, apiKey: bearer, signal }: DemoTarget,
  kind: 'picture' | 'film',
): Promise<string> {
  const form = new FormData();
  if (kind === 'picture') form.set('file', new Blob([gradient()], { type: 'image/png' }), 'demo.png');
  else form.set('file', new Blob([film()], { type: 'video/mp4' }), 'demo.mp4');
  const url = `${api}/api/v1/media/upload`;
  const { id } = await callJson(Media, { method: 'POST', url, bearer, body: form, signal });
  return id;
}

/** The index of an MP4 of two seconds, whose pictures nothing decodes. */
function film(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(inflateRawSync(Buffer.from(filmDeflated, 'base64')));
}

const filmDeflated =
  'jVI9SwNBEH13RgvjJ6awEHKIoo0hmw+TdEIa/4BiYeF5m5gzWS/cbg4UBP+AP8POwsLC0sJCtPEviJ2ChZWNRPeS3O0lGhxumXkzs+/NLAdgoSqOmzZ3GKBDeps7GdbMEUB/YI7jAWgwr0YRMX0HiF1Bg/xC06Jd/XgDQy0G6NvCNesAdkXd1xwZZItdDdz8h+6onPrJL34wapsADEb792qlgde9rTsfLNdow+1VPJtW1M6y40qsXTD7qAog4TGfTJVeop3aAnUrVWW0iZbbMDqxVuFivwHgnAtOlZ5T07PIH+thVK6yCfjn144Bm2+3AayYnlXWKJLtZ4wfUCQvr/WztXsNY7W3l8fF26/PT7+ZC8EV6gQQv5GeC67m5Vnlglu936KbG+96XYkpF/xEGSjRrcXlg/w8wCSAKQDTAGb6amp+dsideS4sJ5xFfwdGDgFtjlFTNG1LtNyKkTZ6ETFSvTBjpII4a6RCkJMgQHkfBXC9AwNcCKiLIXVJoSZplZuQCDnJRNlJto+e5MLR86EAWVcVChGFYlSh1GH8Bg==';

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
