/**
 * `npm run drill -- <name> [--calls 50] [--seconds N] [--peer livekit-sip]`: breaks one part while calls are up and prints as JSON what was lost. Status 0:
 * all promises of docs/reliability.md were kept; 1: one was not, and it is named; 2: it could not be run.
 */
import { parseArgs } from 'node:util';
import { type Drill, DrillNeeds } from './drill.ts';
import { DrillReport } from './drill-report.ts';
import { drills } from './drills.ts';

const say = (text: string) => process.stderr.write(`callgate: ${text}\n`);

function usage(): string {
  const names = Object.entries(drills).map(([name, { what }]) => `  ${name.padEnd(22)} ${what}`);
  return `usage: npm run drill -- <name> [--calls 50] [--seconds N] [--peer PATH]\n${names.join('\n')}`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      calls: { type: 'string' },
      seconds: { type: 'string' },
      peer: { type: 'string' },
    },
  });
  const [name = '', ...more] = positionals;
  const drill: Drill | undefined = Object.hasOwn(drills, name) ? drills[name] : undefined;
  if (drill === undefined || more.length > 0) {
    process.stderr.write(`${usage()}\n`);
    return 2;
  }
  if (values.peer !== undefined && drill.forPeer !== true)
    throw new DrillNeeds(`--peer: ${name} is about parts that livekit/sip does not have`);
  const options = {
    calls: whole('calls', values.calls ?? String(drill.calls ?? 50), 500),
    seconds: whole('seconds', values.seconds ?? String(drill.seconds ?? 20), 86_400),
    say,
    peer: values.peer ?? null,
  };
  const report = new DrillReport();
  const startedAt = performance.now();
  await drill.run(options, report);
  report.tell('drill_seconds', Math.round((performance.now() - startedAt) / 1_000));
  const subject = options.peer === null ? 'callgate' : 'livekit-sip';
  process.stdout.write(
    `${JSON.stringify({ drill: name, subject, calls: options.calls, ...report.toJSON() }, null, 2)}\n`,
  );
  return report.missed.length === 0 ? 0 : 1;
}

function whole(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new DrillNeeds(
      `--${name} is ${JSON.stringify(text)}; expected a whole number from 1 to ${max}`,
    );
  return value;
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(2);
  },
);
