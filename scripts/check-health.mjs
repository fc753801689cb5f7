// Ends with 0 where the app with this PORT and HOST says that it is well.
const { HOST = '127.0.0.1', PORT } = process.env;
const listensOn = HOST.replace(/^\[(.*)\]$/, '$1');
const host = ['', '0.0.0.0', '::'].includes(listensOn) ? '127.0.0.1' : listensOn;
const origin = `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`;

fetch(`${origin}/health`).then(
  (response) => process.exit(response.ok ? 0 : 1),
  () => process.exit(1),
);
