import { createServer, type Server, type Socket } from 'node:net';

/** Who sent what to whom; `raw` as bytes in latin1. */
export type ReceivedEnvelope = { from: string; to: string[]; raw: string };

const messageBytesMax = 10 * 1024 * 1024;
const recipientsMax = 100;
const lineBytesMax = 4096;
const idleMs = 60_000;

/**
 * An SMTP server for this machine: it takes any login and every mail.
 * @param take answers what the mail is answered with, such as `250 OK`
 */
export function createSmtpReceiver(take: (envelope: ReceivedEnvelope) => string): Server {
  return createServer((socket) => converse(socket, take));
}

function converse(socket: Socket, take: (envelope: ReceivedEnvelope) => string): void {
  let from: string | null = null;
  let to: string[] = [];
  let pending = '';
  let message: string | null = null;
  /** Lines of a login that follow its command. */
  let loginLines = 0;
  const say = (...lines: string[]) => void socket.write(`${lines.join('\r\n')}\r\n`, 'latin1');
  const forget = () => {
    from = null;
    to = [];
  };

  const command = (line: string) => {
    if (loginLines > 0) {
      loginLines -= 1;
      return say(loginLines === 0 ? '235 2.7.0 Accepted' : '334 UGFzc3dvcmQ6');
    }
    const verb = line.slice(0, 4).toUpperCase();
    const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
    switch (verb) {
      case 'EHLO':
        return say('250-sandbox', `250-SIZE ${messageBytesMax}`, '250-8BITMIME', '250 AUTH PLAIN LOGIN');
      case 'HELO':
        return say('250 sandbox');
      case 'AUTH': {
        const [, kind = '', initial] = line.split(' ');
        loginLines = kind.toUpperCase() === 'LOGIN' ? 2 : initial === undefined ? 1 : 0;
        return say(loginLines === 0 ? '235 2.7.0 Accepted' : loginLines === 2 ? '334 VXNlcm5hbWU6' : '334 ');
      }
      case 'MAIL':
        forget();
        from = address;
        return say('250 OK');
      case 'RCPT':
        if (from === null) return say('503 MAIL first');
        if (to.length === recipientsMax) return say('452 Too many recipients');
        to.push(address);
        return say('250 OK');
      case 'DATA':
        if (from === null || to.length === 0) return say('503 RCPT first');
        message = '';
        return say('354 End with a dot');
      case 'RSET':
        forget();
        return say('250 OK');
      case 'NOOP':
        return say('250 OK');
      case 'QUIT':
        return void socket.end('221 Bye\r\n');
      default:
        return say('502 Not known here');
    }
  };

  const line = (text: string) => {
    if (message === null) return command(text);
    if (text !== '.') return void (message += `${text.startsWith('.') ? text.slice(1) : text}\r\n`);
    const answer = take({ from: from ?? '', to, raw: message });
    message = null;
    forget();
    say(answer);
  };

  socket.setEncoding('latin1');
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    pending += chunk;
    for (let end = pending.indexOf('\r\n'); end !== -1; end = pending.indexOf('\r\n')) {
      const text = pending.slice(0, end);
      pending = pending.slice(end + 2);
      line(text);
    }
    if (pending.length > lineBytesMax || (message?.length ?? 0) > messageBytesMax) socket.destroy();
  });
  say('220 sandbox ESMTP');
}
