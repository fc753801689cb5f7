import { prepare } from './bootstrap.mjs';

await prepare();
console.error('The packages are installed.');
