/**
 * Which rule refused it. The rules are: plain HTTP, a port other than 443 and 80, an address written in the URL, an address that the name
 * resolves to, the address that the connection reached.
 */
export type AddressRefusedReason = 'not_https' | 'port' | 'literal' | 'resolved' | 'peer';

/** The outgoing request was stopped before a byte of it left. The reason is for logs: telling a user would let them scan the network. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
  readonly code = 'ADDRESS_REFUSED';
  readonly hostname: string;
  readonly reason: AddressRefusedReason;

  constructor(hostname: string, reason: AddressRefusedReason) {
    super(`requests to ${hostname} are refused (${reason})`);
    this.hostname = hostname;
    this.reason = reason;
  }
}
