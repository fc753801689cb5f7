// CommonJS without types, which an older Node reads too: it says in a sentence what it needs.
void import('../../../scripts/require-node.mjs').then(() => import('../src/run/main.ts'));
