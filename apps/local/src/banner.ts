import type { Endpoints } from './endpoints-file.ts';

/** What a person needs to begin, printed once everything runs. */
export function banner(endpoints: Endpoints, places: { logPath: string; dataDir: string }): string {
  const rows = [
    ['API', `${endpoints.api}/api/v1`],
    ['Documentation', `${endpoints.api}/docs`],
    ['Sandbox', `${endpoints.sandbox}/  (the platforms' stand-in: what followers would see)`],
    ['Demo login', `${endpoints.email}  ${endpoints.password}`],
    ['Demo API key', endpoints.apiKey],
    ['Data', places.dataDir],
    ['Log (JSON)', places.logPath],
  ];
  const lines = rows.map(([name = '', value = '']) => `  ${name.padEnd(15)}${value}`);
  return ['', 'VibeTribe is running. Ctrl-C stops it.', ...lines, ''].join('\n');
}
