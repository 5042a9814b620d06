/** Runs one of the repository's tools with the Node that runs the tests, and gives back its status and whole output. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface ToolResult {
  readonly status: number;
  readonly output: string;
}

/** @param tool a program of node_modules/.bin */
export async function runTool(tool: string, args: readonly string[]): Promise<ToolResult> {
  const child = spawn(process.execPath, [`${root}node_modules/.bin/${tool}`, ...args], {
    cwd: root,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1', FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const status = await new Promise<number>((settle, fail) => {
    child.once('error', fail);
    child.once('close', (code) => settle(code ?? -1));
  });
  return { status, output: Buffer.concat(chunks).toString('utf8') };
}
