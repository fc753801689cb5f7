/**
 * Counts a run from Vitest's JSON report. A file that failed as a whole, and a run that failed although no test did
 * (an unhandled rejection, no report), count as one failure each: they must not read as green.
 */
export function countVitest(report, exitCode) {
  if (report === null) return { failed: 1 };
  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  const brokenFiles = report.testResults.filter(isBroken).length;
  const failed = report.numFailedTests + brokenFiles;
  const unexplained = failed === 0 && (exitCode !== 0 || !report.success) ? 1 : 0;
  return { passed, failed: failed + unexplained, skipped };
}

function isBroken(file) {
  return file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
}
