import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import { FaultKind } from '../faults/fault.ts';

/** @throws {RefusalError} 422 naming every field that is wrong */
export function parseControl<Value>(schema: z.ZodType<Value>, input: unknown): Value {
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  throw new RefusalError(
    controlError(422, 'invalid_input', 'The request is not valid', parsed.error.issues.flatMap(fieldFaults)),
  );
}

export type FieldFault = { path: string; message: string };

export function controlError(status: number, code: string, message: string, errors: readonly FieldFault[] = []) {
  return { status, body: { error: code, message, errors } };
}

function fieldFaults(issue: z.core.$ZodIssue): FieldFault[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: issue.message }];
  return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'is not known' }));
}

/** The inputs of the control API; `places` are the ids of platforms and of their sites. */
export function controlInputs(places: readonly string[]) {
  const Place = z.enum(places);
  const Name = z.string().min(1).max(256);
  const WholeNumber = z.int().min(0);
  const Count = WholeNumber.max(1_000_000_000_000);
  return {
    Fault: z.strictObject({
      platform: Place.optional(),
      account: Name.optional(),
      pathIncludes: Name.optional(),
      method: z
        .string()
        .regex(/^[A-Za-z]{3,10}$/, 'must be a method like POST')
        .optional(),
      skip: WholeNumber.optional(),
      kind: FaultKind,
      times: z.int().min(1).optional(),
      probability: z.number().min(0).max(1).optional(),
      seed: WholeNumber.optional(),
      delayMs: WholeNumber.max(3_600_000).optional(),
      retryAfterSeconds: WholeNumber.optional(),
    }),
    LimitScale: z.strictObject({ platform: Place, scale: z.number().positive() }),
    NewAccount: z.strictObject({ platform: Place, handle: Name }),
    AccountName: z.strictObject({ platform: Place, account: Name }),
    Audience: z
      .strictObject({
        platform: Place,
        account: Name,
        post: z.string().min(1).max(500).optional(),
        likes: Count.optional(),
        comments: Count.optional(),
        shares: Count.optional(),
        followers: Count.optional(),
      })
      .refine(
        ({ likes, comments, shares, followers }) => [likes, comments, shares, followers].some((n) => n !== undefined),
        {
          path: ['likes'],
          message: 'name at least one of likes, comments, shares and followers',
        },
      ),
    Origin: z.strictObject({ origin: z.url({ protocol: /^https$/ }), at: z.url({ protocol: /^http$/ }) }),
    Clock: z.strictObject({ advanceMs: WholeNumber.max(100 * 365 * 86_400_000) }),
    PostsQuery: z.strictObject({
      platform: Place.optional(),
      account: Name.optional(),
      cursor: z
        .string()
        .regex(/^\d{1,15}$/, 'must be a nextCursor')
        .transform(Number)
        .optional(),
      limit: Limit,
    }),
    RequestsQuery: z.strictObject({ platform: Place.optional(), limit: Limit }),
  };
}

export type ControlInputs = ReturnType<typeof controlInputs>;

const Limit = z.coerce.number().int().min(1).max(1000).default(100);
