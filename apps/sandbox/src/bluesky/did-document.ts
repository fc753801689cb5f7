import type { Account } from '../state/accounts.ts';

/** https://atproto.com/specs/did#did-documents */
export function didDocument({ id, handle }: Account, serviceEndpoint: string) {
  return {
    '@context': ['https://www.w3.org/ns/did/v1'],
    id,
    alsoKnownAs: [`at://${handle}`],
    service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint }],
  };
}
