// Ends the process in one sentence on a Node that cannot run TypeScript as it is.
const nodeMajorMin = 24;

if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  const advice = 'npm run setup installs one as node_modules/.bin/node';
  console.error(`VibeTribe needs Node ${nodeMajorMin} or newer, and this is Node ${process.versions.node}: ${advice}.`);
  process.exit(1);
}
