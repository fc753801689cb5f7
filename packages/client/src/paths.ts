import type { MaybeOptionalInit, FetchResponse } from 'openapi-fetch';
import type { HttpMethod, MediaType, PathsWithMethod, RequiredKeysOf } from 'openapi-typescript-helpers';
import type { components, paths } from './openapi.ts';

export const versionPrefix = '/api/v1';

/** What the API takes and answers with, by the names of the document. */
export type Schemas = components['schemas'];

/** The paths of the API's version, without its prefix. */
export type Paths = {
  [Path in keyof paths as Path extends `${typeof versionPrefix}${infer Rest}` ? Rest : never]: paths[Path];
};

/** What a path is asked with: left out where nothing must be given. */
type Asked<Init> = RequiredKeysOf<Init> extends never ? [init?: Init] : [init: Init];

/** The body of an answer that is none of the problems. */
type Answered<Operation, Init> =
  Operation extends Record<string | number, unknown>
    ? NonNullable<FetchResponse<Operation, Init, MediaType>['data']> extends never
      ? undefined
      : NonNullable<FetchResponse<Operation, Init, MediaType>['data']>
    : never;

/** Asks a path and resolves to the body of its answer. Rejects with a `ProblemError` for a refusal. */
export type Ask<Method extends HttpMethod> = <
  Path extends PathsWithMethod<Paths, Method>,
  Init extends MaybeOptionalInit<Paths[Path], Method>,
>(
  path: Path,
  ...init: Asked<Init>
) => Promise<Answered<Paths[Path][Method], Init>>;
