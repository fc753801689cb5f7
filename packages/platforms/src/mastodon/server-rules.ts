import { z } from 'zod';
import type { ServerRules } from '../port/account.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { callMastodon } from './api.ts';
import { Instance, saysLimits, serverRulesIn } from './instance-configuration.ts';
import { readSoftware, softwareInVersion } from './software.ts';

export interface InstancePlace {
  readonly http: PlatformHttp;
  /** Origin of the server. */
  readonly instance: string;
  readonly accessToken: string;
}

/** What the instance says of itself and of the application behind the token; null: it says nothing. */
export async function readInstance(
  place: InstancePlace,
): Promise<{ readonly rules: ServerRules | null; readonly domain: string | null }> {
  const newer = await ask(place, '/api/v2/instance', Instance);
  const isEnough = newer?.configuration?.statuses?.max_characters !== undefined && domainOf(newer) !== null;
  const older = isEnough ? null : await ask(place, '/api/v1/instance', Instance);
  const [software, application] = [
    await readSoftware(place),
    await ask(place, '/api/v1/apps/verify_credentials', Application),
  ];
  const instance = merged(newer, older);
  const named = software ?? softwareInVersion(instance.version);
  const saysNothing = named === null && application === null && !saysLimits(instance);
  return {
    domain: domainOf(instance),
    rules: saysNothing
      ? null
      : {
          ...serverRulesIn(instance, { software: named }),
          ...(named === null ? {} : { software: named }),
          ...(application === null ? {} : { application: application.name }),
        },
  };
}

const Application = z.object({ name: z.string().min(1).max(1_000) });

/** Null where the server refuses to tell or tells it otherwise: servers that only speak Mastodon's API differ here. */
async function ask<Answer>(place: InstancePlace, path: string, answer: z.ZodType<Answer>): Promise<Answer | null> {
  try {
    return await callMastodon({ ...place, method: 'GET', path, effect: 'read', answer });
  } catch (error) {
    if (error instanceof PlatformError) return null;
    throw error;
  }
}

/** Each thing as the newer answer has it, else as the older one has. */
function merged(newer: Instance | null, older: Instance | null): Instance {
  const [one, other] = [newer?.configuration, older?.configuration];
  return {
    ...withoutGaps(older ?? {}),
    ...withoutGaps(newer ?? {}),
    configuration: {
      statuses: { ...withoutGaps(other?.statuses ?? {}), ...withoutGaps(one?.statuses ?? {}) },
      media_attachments: {
        ...withoutGaps(other?.media_attachments ?? {}),
        ...withoutGaps(one?.media_attachments ?? {}),
      },
      polls: { ...withoutGaps(other?.polls ?? {}), ...withoutGaps(one?.polls ?? {}) },
    },
  };
}

function withoutGaps<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Value;
}

/** The part of handles behind the `@`, which need not be the host that is asked; as a domain or, with some, as an address. */
function domainOf({ account_domain: own, domain, uri }: Instance): string | null {
  for (const told of [own, domain, uri]) {
    const address = told === undefined || /^https?:\/\//u.test(told) ? told : `https://${told}`;
    if (address === undefined || !URL.canParse(address)) continue;
    const { host, hostname } = new URL(address);
    if (hostname !== '') return host;
  }
  return null;
}
