/** Where a test run leaves the runner's own report: `$CALLGATE_TEST_REPORT`, else a file that git does not see. */
import { fileURLToPath } from 'node:url';

export const testReportFile =
  process.env['CALLGATE_TEST_REPORT'] ??
  fileURLToPath(new URL('../../node_modules/.cache/callgate/test-report.json', import.meta.url));
