import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { sandbox, files, Id, post, read, later, faultOf, visible, jpegOf } from './test-instagram.ts';

const client = { client_id: 'vibetribe-sandbox', client_secret: 'vibetribe-sandbox-secret' };

describe('tokens', () => {
  const redirect_uri = 'http://127.0.0.1:9/cb';
  const token = (path: string, query: Record<string, string>) =>
    sandbox.send(`/graph/${path}?${new URLSearchParams(query).toString()}`);
  const Token = z.object({ access_token: z.string(), expires_in: z.int() });

  test('come by the login’s own code, exchanged for 60 days, renewed when they are a day old and alive', async () => {
    const scope = 'instagram_business_basic,instagram_business_content_publish';
    const query = {
      client_id: client.client_id,
      redirect_uri,
      response_type: 'code',
      scope,
      state: 's',
      sandbox_approve: 'Ann.B',
    };
    const back = new URL((await token('oauth/authorize', query)).headers.get('location') ?? '');
    expect(back.hash).toBe('#_');
    const form = {
      ...client,
      grant_type: 'authorization_code',
      redirect_uri,
      code: back.searchParams.get('code') ?? '',
    };
    const short = z
      .object({ access_token: z.string(), user_id: z.string() })
      .parse((await sandbox.send('/graph/oauth/access_token', { form })).body);
    expect((await sandbox.send('/graph/oauth/access_token', { form })).body).toMatchObject({
      error_type: 'OAuthException',
      code: 400,
    });
    const exchange = {
      grant_type: 'ig_exchange_token',
      client_secret: client.client_secret,
      access_token: short.access_token,
    };
    const long = Token.parse((await token('access_token', exchange)).body);
    expect(long.expires_in).toBe(5_183_944);
    expect(await read('me?fields=user_id,username', long.access_token)).toMatchObject({
      user_id: short.user_id,
      username: 'ann.b',
    });

    const renew = (value: string) =>
      token('refresh_access_token', { grant_type: 'ig_refresh_token', access_token: value });
    expect(faultOf((await renew(long.access_token)).body)).toBe('10/');
    await later(25 * 3_600_000);
    const renewed = Token.parse((await renew(long.access_token)).body);
    await later(59 * 24 * 3_600_000);
    expect(faultOf((await renew(long.access_token)).body)).toBe('190/463');
    expect((await renew(renewed.access_token)).status).toBe(200);
  });

  test('of a person who runs a page open the account of the same name, with the permission for it', async () => {
    const consent = async (scope: string) => {
      const query = { client_id: client.client_id, redirect_uri, scope, state: 's', sandbox_approve: 'linked' };
      const back = new URL((await token('v25.0/dialog/oauth', query)).headers.get('location') ?? '');
      const form = { ...client, redirect_uri, code: back.searchParams.get('code') ?? '' };
      return Token.parse((await sandbox.send('/graph/v25.0/oauth/access_token', { form })).body).access_token;
    };
    const person = await consent('pages_show_list,pages_read_engagement,instagram_basic,instagram_content_publish');
    const Pages = z.object({
      data: z.array(
        z.object({
          id: z.string(),
          access_token: z.string(),
          instagram_business_account: z.object({ id: z.string(), username: z.string() }),
        }),
      ),
    });
    const { data } = Pages.parse(
      await read('me/accounts?fields=id,access_token,instagram_business_account{id,username}', person),
    );
    const [page] = data;
    expect(page?.instagram_business_account.username).toBe('linked');
    const account = page?.instagram_business_account.id ?? '';
    const made = await post(
      `${account}/media`,
      { image_url: files.add('jpg', jpegOf(640, 640)), caption: 'By the page' },
      page?.access_token,
    );
    await later(1_000);
    const { id } = Id.parse(made.body);
    expect((await post(`${account}/media_publish`, { creation_id: id }, page?.access_token)).status).toBe(200);
    expect(await visible(account)).toMatchObject([{ text: 'By the page' }]);
    const stranger = await consent('pages_show_list,pages_read_engagement');
    expect(faultOf((await post(`${account}/media`, { image_url: 'x' }, stranger)).body)).toBe('100/33');
  });

  test('that were ended or taken back are told apart', async () => {
    const zoe = await sandbox.account('instagram', 'zoe');
    const ask = async () => faultOf(await read(`${zoe.account.id}?fields=username`, zoe.accessToken));
    await sandbox.send('/_sandbox/tokens/expire', { json: { platform: 'instagram', account: 'zoe' } });
    expect(await ask()).toBe('190/463');
    await sandbox.send('/_sandbox/tokens/revoke', { json: { platform: 'instagram', account: 'zoe' } });
    expect(await ask()).toBe('190/458');
  });
});
