import { hash, verify } from '@node-rs/argon2';
import PQueue from 'p-queue';

/** OWASP's minimum for argon2id: 19 MiB, two passes, one lane. */
const memoryKiB = 19_456;
const passes = 2;
const lanes = 1;

/** A hash of nothing with our own cost: comparing against it takes as long as against a real one, and no password matches. */
const hashOfNobody = `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

export interface PasswordHasher {
  /** argon2id as a PHC string: parameters, salt and hash. */
  hash(password: string): Promise<string>;
  verify(password: string, passwordHash: string): Promise<boolean>;
  /** For a user who does not exist: the same cost as `verify`, so that time does not tell which addresses are known. Always false. */
  verifyAgainstNobody(password: string): Promise<boolean>;
}

/**
 * @param concurrencyMax how many may be computed at a time, each taking 19 MiB and a thread: a flood of logins waits instead of taking the machine
 */
export function createPasswordHasher({ concurrencyMax }: { readonly concurrencyMax: number }): PasswordHasher {
  const turns = new PQueue({ concurrency: concurrencyMax });
  const verifyOne = (password: string, passwordHash: string) =>
    turns.add(() => verify(passwordHash, normalized(password)));

  return {
    hash: (password) =>
      turns.add(() => hash(normalized(password), { memoryCost: memoryKiB, timeCost: passes, parallelism: lanes })),
    verify: verifyOne,
    verifyAgainstNobody: (password) => verifyOne(password, hashOfNobody),
  };
}

/** The same letters typed on different keyboards may differ in their code points (NIST SP 800-63B, 3.1.1.2). */
function normalized(password: string): string {
  return password.normalize('NFKC');
}
