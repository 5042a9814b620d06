import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** Node's own modules that a process has loaded once it has run this. */
async function loadedBy(code: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', `${code}; console.log(process.moduleLoadList.join(' '))`],
    { cwd: import.meta.dirname },
  );
  return stdout;
}

const unwanted = /internal\/(deps\/undici|http2)\//;

it('gives the node HTTP/1.1 without a second client and HTTP/2 beside it', async () => {
  const loaded = await loadedBy("await import('./node.ts')");
  expect(loaded).toContain(' NativeModule _http_server ');
  expect(loaded).not.toMatch(unwanted);
  // What an import of it would bring, and what the list calls it.
  expect(await loadedBy("await import('node:http')")).toMatch(unwanted);
}, 60_000);
