import type { z } from 'zod';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import type { StepEffect } from '../port/publish.ts';
import { callPlatform } from '../http/call-platform.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { MultipartPart, PlatformHttp, PlatformRequest } from '../port/platform-http.ts';
import { discordRefusal, discordThreadRefusal } from './errors.ts';

export const discordName = 'Discord';

export interface DiscordCall<Answer> {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
  /** The bot's token. */
  readonly accessToken: string;
  /** The address says all: no token is sent along. */
  readonly isOpen?: boolean;
  /** What is asked for stands in a thread of the account's channel. */
  readonly isInThread?: boolean;
  readonly method: PlatformRequest['method'];
  /** Below the API's version, with the query: `/users/@me`. */
  readonly path: string;
  readonly json?: unknown;
  readonly multipart?: readonly MultipartPart[];
  readonly effect: StepEffect;
  readonly answer: z.ZodType<Answer>;
}

/** Discord may turn away clients whose agent is not named like this. https://docs.discord.com/developers/reference#user-agent */
const userAgent = 'DiscordBot (VibeTribe, 0.1.0)';

export function callDiscord<Answer>(call: DiscordCall<Answer>): Promise<Answer> {
  const request: PlatformRequest = {
    method: call.method,
    url: `${apiOf(call.endpoints)}/api/v10${call.path}`,
    headers: {
      ...(call.isOpen === true ? {} : { authorization: `Bot ${call.accessToken}` }),
      'user-agent': userAgent,
    },
    ...(call.json === undefined ? {} : { body: { json: call.json } }),
    ...(call.multipart === undefined ? {} : { body: { multipart: call.multipart } }),
  };
  const refusalOf = call.isInThread === true ? discordThreadRefusal : discordRefusal;
  return callPlatform({ ...call, request, platformName: discordName, refusalOf });
}

export function channelPath(channelId: string): string {
  return `/channels/${encodeURIComponent(channelId)}`;
}

function apiOf({ api }: PlatformEndpoints): string {
  if (api === null)
    throw new PlatformError('permission', 'No address is configured for Discord', { platformCode: 'api_missing' });
  return api;
}
