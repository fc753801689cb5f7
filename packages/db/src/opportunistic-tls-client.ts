import { connect } from 'node:net';
import pg from 'pg';

const probeTimeoutMs = 5_000;
const defaultPort = 5432;

type Connected = (error: Error) => void;

/** sslmode=prefer: TLS where the server offers it, else none. pg itself knows no way back once it has asked for TLS. */
export class OpportunisticTlsClient extends pg.Client {
  override connect(): Promise<this>;
  override connect(connected: Connected): void;
  override connect(connected?: Connected): Promise<this> | void {
    const decided = offersTls(this.host, this.port).then((isOffered) => {
      if (!isOffered) forgoTls(this);
    });
    if (connected === undefined) return decided.then(() => super.connect()).then(() => this);
    void decided.then(() => super.connect(connected));
  }
}

/** PostgreSQL answers one byte to the question: S or N. Whoever does not answer is left to the connection itself to tell of. */
function offersTls(host: string, port: number | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = host.startsWith('/')
      ? connect({ path: `${host}/.s.PGSQL.${port ?? defaultPort}` })
      : connect({ host, port: port ?? defaultPort });
    const end = (isOffered: boolean) => {
      socket.destroy();
      resolve(isOffered);
    };
    socket.setTimeout(probeTimeoutMs, () => end(true));
    socket.once('error', () => end(true));
    socket.once('close', () => resolve(true));
    socket.once('data', (answer) => end(answer.toString('latin1', 0, 1) !== 'N'));
    socket.write(sslRequest());
  });
}

/** Length and code of the protocol's SSLRequest. */
function sslRequest(): Buffer {
  const request = Buffer.alloc(8);
  request.writeInt32BE(8, 0);
  request.writeInt32BE(80_877_103, 4);
  return request;
}

function forgoTls(client: pg.Client): void {
  Object.assign(client, { ssl: false });
  const connection: object = Reflect.get(client, 'connection');
  Object.assign(connection, { ssl: false });
}
