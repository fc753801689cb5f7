import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { PlatformHttp } from '@vibetribe/platforms/port/platform-http';
import { newId } from '@vibetribe/db/new-id';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { createChangeRunner } from '../changes/create-change-runner.ts';
import type { FailpointName, Failpoints, Protection } from '../failpoints.ts';
import { createEngineHarness, type EngineHarness } from './test-engine.ts';

export interface Ways {
  readonly without?: Protection | undefined;
  readonly reach?: (name: FailpointName) => Promise<void>;
  /** Asked on the way to every edit; what it throws is the answer. */
  readonly onEdit?: (http: PlatformHttp, text: string) => Promise<void>;
  readonly deps?: Partial<CoreDependencies>;
}

export type ChangeScene = Awaited<ReturnType<typeof openChangeScene>>;

/** Publications that are out on a platform in memory, and what is done to them there. */
export async function openChangeScene(postgresUrl: string) {
  const harness: EngineHarness = await createEngineHarness(postgresUrl);
  /** What the platform shows, by id. */
  const shown = new Map<string, string>();
  const asked: string[] = [];
  const answers: (() => void)[] = [];

  function failpointsOf({ without, reach = async () => undefined }: Ways): Failpoints {
    return { has: (protection) => protection !== without, reach };
  }

  function runner(ways: Ways = {}) {
    const { adapter } = harness.platform;
    const deps: CoreDependencies = {
      ...harness.deps,
      ...ways.deps,
      failpoints: failpointsOf(ways),
      adapters: {
        ...harness.deps.adapters,
        [adapter.id]: {
          ...adapter,
          remove: async ({ post }) => {
            asked.push(post.platformPostId);
            const answer = shown.delete(post.platformPostId) ? 'removed' : 'already_gone';
            answers.shift()?.();
            return answer;
          },
          edit: async ({ post, content, http }) => {
            await ways.onEdit?.(http, content.text);
            asked.push(content.text);
            shown.set(post.platformPostId, content.text);
            answers.shift()?.();
          },
        } satisfies typeof adapter,
      },
    };
    const made = createChangeRunner(deps, { settings: harness.settings, owner: 'test', random: () => 0 });
    return (changeId: string) => made.run(changeId);
  }

  return {
    harness,
    shown,
    asked,
    answers,
    failpointsOf,
    runner,

    async out(ids: readonly string[] = ['1']): Promise<{ id: string; accountId: string; organizationId: string }> {
      const account = await harness.addAccount();
      const id = await harness.addPublication({ ...account, thread: ids.slice(1) });
      for (const each of ids) shown.set(each, 'as it was');
      const parts = ids.map((platformPostId) => ({ platformPostId, url: null, reference: null, publishedAtMs: 1 }));
      await harness.sql(
        `update publications set status = 'published', due_at = null, platform_post_id = $2, parts = $3::jsonb where id = $1`,
        [id, ids[0], ids.length === 1 ? null : JSON.stringify(parts)],
      );
      return { id, ...account };
    },

    /** As the verbs ask for it. */
    async want(id: string, organizationId: string, kind: 'remove' | 'edit', content: string | null = null) {
      const [row] = await harness.sql<{ id: string }>(
        `insert into publication_changes (id, organization_id, publication_id, kind, content) values ($1, $2, $3, $4, $5)
         on conflict (organization_id, publication_id) do update set kind = excluded.kind, content = excluded.content,
           version = publication_changes.version + 1, due_at = clock_timestamp() returning id`,
        [newId('change'), organizationId, id, kind, content],
      );
      return row?.id ?? '';
    },

    async state(id: string) {
      const [row] = await harness.sql<{
        removal: { status: string; detail?: string } | null;
        edit: { status: string; liveContent: string | null } | null;
      }>('select removal, edit from publications where id = $1', [id]);
      return row;
    },

    timesPass: () =>
      harness.sql(
        `update publication_changes set due_at = now() - interval '1 ms', enqueued_until = null,
           lease_until = case when lease_until is not null then now() - interval '1 ms' end`,
      ),
    typesOf: async (id: string) => (await harness.timeline(id)).filter((type) => /remov|content/u.test(type)),
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}

export const lost = () => {
  throw new PlatformError('ambiguous', 'The platform did not say whether it took the request', {
    platformCode: 'reset',
  });
};
