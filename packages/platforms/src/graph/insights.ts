import { z } from 'zod';

/** What an edge of insights answers. Where nothing was counted yet the list is empty, or lacks a number. https://developers.facebook.com/docs/graph-api/reference/insights, read 2026-11. */
export const Insights = z.object({
  data: z
    .array(
      z.object({
        name: z.string(),
        values: z
          .array(z.object({ value: z.unknown() }))
          .max(1_000)
          .optional(),
        total_value: z.object({ value: z.unknown() }).optional(),
      }),
    )
    .max(200),
});

/** The newest value of each, under its own name. */
export function countsIn({ data }: z.infer<typeof Insights>): Record<string, unknown> {
  return Object.fromEntries(
    data.flatMap(({ name, values = [], total_value: total }) => {
      const found = total ?? values.at(-1);
      return found === undefined ? [] : [[name, found.value] as const];
    }),
  );
}
