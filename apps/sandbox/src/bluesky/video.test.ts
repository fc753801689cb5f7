import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { platformSpecsDirectory, lexiconViolations } from '../testing/platform-specs.ts';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  ada = await sandbox.account('bluesky', 'ada');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const aud = () => `did:web:${encodeURIComponent(new URL(sandbox.running.hosts['bluesky'] ?? '').host)}`;
const lxm = 'com.atproto.repo.uploadBlob';
const seconds = (ahead: number) => String(Math.floor(Date.now() / 1_000) + ahead);

async function tokenFor(parameters: Record<string, string>): Promise<{ status: number; token: string; body: unknown }> {
  const query = new URLSearchParams(parameters).toString();
  const { status, body } = await sandbox.bluesky(`com.atproto.server.getServiceAuth?${query}`, {
    token: ada.accessToken,
  });
  return { status, token: z.object({ token: z.string() }).safeParse(body).data?.token ?? '', body };
}

async function upload(
  file: Buffer,
  { token, did = ada.account.id, type = 'video/mp4' }: { token: string; did?: string; type?: string },
) {
  const url = new URL(
    `/xrpc/app.bsky.video.uploadVideo?${new URLSearchParams({ did, name: 'a.mp4' }).toString()}`,
    sandbox.running.hosts['bluesky'],
  );
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    body: new Uint8Array(file),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

test('a video is worked on, is there after a while, and is known the second time', async () => {
  const { token } = await tokenFor({ aud: aud(), lxm, exp: seconds(1_800) });
  const film = Buffer.from('a film');
  const { status, body } = await upload(film, { token });
  expect([status, body]).toMatchObject([200, { jobStatus: { state: 'JOB_STATE_ENCODING', did: ada.account.id } }]);
  const { jobId } = z.object({ jobStatus: z.object({ jobId: z.string() }) }).parse(body).jobStatus;
  await sandbox.send('/_sandbox/clock', { method: 'POST', json: { advanceMs: 1_000 } });
  const job = (await sandbox.bluesky(`app.bsky.video.getJobStatus?jobId=${jobId}`)).body;
  expect(job).toMatchObject({
    jobStatus: { jobId, state: 'JOB_STATE_COMPLETED', blob: { mimeType: 'video/mp4', size: film.length } },
  });
  expect(await upload(film, { token })).toMatchObject({
    status: 409,
    body: { jobId, error: 'already_exists', blob: { size: film.length } },
  });
  const directory = platformSpecsDirectory(process.env);
  if (directory !== undefined) expect(lexiconViolations(directory, 'app.bsky.video.getJobStatus', job)).toEqual([]);
});

test('a token for something or somebody else, an old one and a session are refused', async () => {
  const film = Buffer.from('another film');
  const refused = { status: 401, body: { error: 'AuthMissing' } };
  expect(await upload(film, { token: ada.accessToken })).toMatchObject(refused);
  for (const parameters of [
    { aud: 'did:web:other.test', lxm },
    { aud: aud(), lxm: 'app.bsky.feed.post' },
    { aud: aud() },
  ]) {
    expect(await upload(film, { token: (await tokenFor(parameters)).token })).toMatchObject(refused);
  }
  const { token } = await tokenFor({ aud: aud(), lxm });
  expect(await upload(film, { token, did: 'did:plc:somebody' })).toMatchObject(refused);
  expect(await upload(film, { token, type: 'application/pdf' })).toMatchObject({ status: 400 });
  expect((await tokenFor({ aud: aud(), lxm, exp: seconds(7_200) })).body).toMatchObject({ error: 'BadExpiration' });
  expect((await sandbox.bluesky('app.bsky.video.getJobStatus?jobId=none')).status).toBe(400);
});
