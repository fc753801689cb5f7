import { createSharedPlaces, type Patience } from '@vibetribe/resilience/shared-places';
import { shareOfServer } from '../platforms/platform-shares.ts';

export interface FetchPlaces {
  /** Dispose it when the address was read. Null where the patience was over first. */
  take(
    wanted: { readonly organizationId: string; readonly url: string },
    patience?: Patience,
  ): Promise<Disposable | null>;
}

/**
 * Places of this process for fetching from addresses that users name. An organization has its number of them, and fewer once half are
 * taken, so that many slow ones leave some; one server has half of all.
 */
export function createFetchPlaces({
  totalMax,
  perOrganizationMax,
}: {
  readonly totalMax: number;
  readonly perOrganizationMax: number;
}): FetchPlaces {
  const places = createSharedPlaces({ totalMax });
  const ownMax = (free: number) => Math.ceil(perOrganizationMax * Math.min(1, (2 * free) / totalMax));
  return {
    take: ({ organizationId, url }, patience) =>
      places.take(
        [{ key: `organization ${organizationId}`, max: ownMax }, ...shareOfServer(URL.parse(url)?.host ?? '')],
        patience,
      ),
  };
}
