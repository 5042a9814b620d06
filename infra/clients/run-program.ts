/** Runs a program to its end and keeps what it says. */
import { execFile } from 'node:child_process';

export interface ProgramEnd {
  /** null: it could not be started, or was killed when its time was up. */
  readonly status: number | null;
  /** Both outputs. */
  readonly output: string;
  readonly stdout: string;
}

export function runProgram(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<ProgramEnd> {
  return new Promise((settle) => {
    const child = execFile(
      program,
      [...args],
      { timeout: timeoutMs, maxBuffer: 16_777_216 },
      (error, stdout, stderr) => {
        const status = error === null ? 0 : child.exitCode;
        settle({ status, stdout, output: `${stdout}${stderr}${error?.message ?? ''}` });
      },
    );
  });
}
