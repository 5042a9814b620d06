/** What strangers do to a SIP port, each in a process of its own and bounded: floods of ours, and the programs of sipvicious. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runAside } from '../local/run-aside.ts';

export interface Target {
  readonly address: string;
  readonly port: number;
}

export interface Attack {
  readonly what: 'INVITE' | 'OPTIONS' | 'noise' | 'half-messages' | 'half-handshakes';
  /** Address of this machine that it comes from. */
  readonly from: string;
  readonly target: Target;
  /** Datagrams, 2,000 a second; or connections, all at once. */
  readonly count: number;
}

export interface AttackResult {
  readonly sent: number;
  /** Datagrams that came back; or connections that were still there after 3 s. */
  readonly answered: number;
}

const program = fileURLToPath(new URL('./attack-program.ts', import.meta.url));
/** A program of sipvicious that has not ended by itself is ended after so many seconds. */
const sipviciousSeconds = 20;

/** @throws Error when it could not be made */
export function runAttack(attack: Attack): Promise<AttackResult> {
  return runAside(`attack ${attack.what}`, program, attack);
}

const sipviciousPrograms = {
  svmap: [],
  svwar: ['-e100-120', '-m', 'INVITE', '--force'],
  svcrack: ['-u100', '-r1-50'],
} as const;

/** Runs a program of sipvicious. @returns the end of what it said. @throws Error when it is not installed */
export async function sipvicious(
  name: keyof typeof sipviciousPrograms,
  { address, port }: Target,
): Promise<string> {
  const options = [...sipviciousPrograms[name], address, '-p', String(port)];
  const child = spawn('timeout', [String(sipviciousSeconds), name, ...options]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-8_000);
    });
  }
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status === 127) throw new Error(`${name} (Debian package sipvicious) is not installed`);
  return said;
}
