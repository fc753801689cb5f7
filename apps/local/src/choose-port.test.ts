import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { choosePort, portFaultOf } from './choose-port.ts';

test('0 becomes a port that can be listened on', async () => {
  const port = await choosePort(0, 'PORT');
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  await expect(choosePort(port, 'PORT')).rejects.toThrow(`Port ${port} is taken by another program: set PORT`);
  server.close();
});

test('a port lost between look and use is told like one that was taken before', () => {
  const lost = Object.assign(new Error('listen'), { code: 'EADDRINUSE', port: 4010 });
  const found = portFaultOf(lost, { PORT: 3000, SANDBOX_PORT: 4010 });
  expect(found?.variable).toBe('SANDBOX_PORT');
  expect(found?.fault.message).toContain('Port 4010 is taken');
});

test('other errors are not taken for it', () => {
  expect(portFaultOf(Object.assign(new Error('no'), { code: 'EACCES', port: 3000 }), { PORT: 3000 })).toBeNull();
  expect(portFaultOf(Object.assign(new Error('no'), { code: 'EADDRINUSE', port: 1 }), { PORT: 3000 })).toBeNull();
});
