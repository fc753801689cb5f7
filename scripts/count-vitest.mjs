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

/** The paths of the files in which something failed. */
export function failedFiles(report) {
  return report.testResults.filter((file) => file.status === 'failed').map((file) => file.name);
}

/** The names of the tests that failed, each behind its file; of a file that broke as a whole, its path. */
export function failedTests(report) {
  return report.testResults.filter((file) => file.status === 'failed').flatMap(failuresOf);
}

/** What a run amounts to once the files that failed in it were run again: in these the second run decides. */
export function countWithSecondRun(first, second, secondExitCode) {
  const again = countVitest(second, secondExitCode);
  const rerun = new Set(failedFiles(first));
  const others = first.testResults.filter((file) => !rerun.has(file.name)).flatMap((file) => file.assertionResults);
  const passed = others.filter((test) => test.status === 'passed').length;
  return {
    passed: passed + (again.passed ?? 0),
    failed: again.failed,
    skipped: others.length - passed + (again.skipped ?? 0),
  };
}

function isBroken(file) {
  return file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
}

function failuresOf(file) {
  const names = file.assertionResults.filter((test) => test.status === 'failed').map((test) => test.fullName);
  return names.length === 0 ? [file.name] : names.map((name) => `${file.name} > ${name}`);
}
