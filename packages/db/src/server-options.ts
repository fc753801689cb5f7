import { OperatorError } from '@vibetribe/observability/operator-error';

/**
 * The settings in libpq's `options`, such as `-c search_path=app -c work_mem=64MB`; a backslash keeps the character behind it.
 * @throws OperatorError for anything that is no setting
 */
export function parseServerOptions(options: string): Record<string, string> {
  const words = [...options.matchAll(/(?:\\.|[^\s\\])+/gs)].map(([word]) => word.replaceAll(/\\(.)/gs, '$1'));
  const settings: Record<string, string> = {};
  while (words.length > 0) {
    const word = words.shift() ?? '';
    const setting = word === '-c' ? (words.shift() ?? '') : word.replace(/^(-c|--)/, '');
    const [, name = '', value = ''] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(setting) ?? [];
    if (name === '' || !word.startsWith('-'))
      throw new OperatorError('DATABASE_URL: options takes settings only, such as -c search_path=app.');
    settings[name.replaceAll('-', '_')] = value;
  }
  return settings;
}
