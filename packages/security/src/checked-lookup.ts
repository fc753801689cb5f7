import type { LookupAddress, LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { AddressRefusedError } from './address-refused-error.ts';

/** `dns.lookup` as used here: every address of the name. */
export type LookupAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A look-up that refuses a name with even one address that is not accepted: which of them would be used is up to whoever runs the
 * name server. Fails with `AddressRefusedError`.
 */
export function checkedLookup(lookup: LookupAll, accepts: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null) callback(error, []);
      else if (first === undefined || !addresses.every(({ address }) => accepts(address))) {
        callback(new AddressRefusedError(hostname, 'resolved'), []);
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
