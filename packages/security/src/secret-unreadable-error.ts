export type SecretUnreadableReason = 'malformed' | 'unknown_key' | 'altered_or_moved';

/** A sealed secret could not be opened. It tells why and under which key, never what was in it. */
export class SecretUnreadableError extends Error {
  override readonly name = 'SecretUnreadableError';
  readonly reason: SecretUnreadableReason;
  /** Null where the text is not a sealed secret at all. */
  readonly keyId: string | null;

  constructor(
    reason: SecretUnreadableReason,
    { keyId = null, cause }: { keyId?: string | null; cause?: unknown } = {},
  ) {
    super(
      `the secret cannot be read (${reason}${keyId === null ? '' : `, key ${keyId}`})`,
      cause === undefined ? undefined : { cause },
    );
    this.reason = reason;
    this.keyId = keyId;
  }
}
