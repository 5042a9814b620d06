/**
 * `npm run edge`: first deployment, secrets, new versions, roll-back and a smoke test of the Worker, by wrangler. Everything that would be done can be shown with
 * --dry-run, without an account. Secrets come from the environment or are made here; they go to wrangler by its standard input and are never printed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { root } from '../setup/run-tool.ts';
import { EdgeOptionError, type EdgeOptions, edgeUsage, readEdgeOptions } from './edge-options.ts';
import {
  deployedTag,
  deploySteps,
  firstSteps,
  rollbackSteps,
  type Step,
  secretsStep,
  showStep,
} from './edge-steps.ts';
import { migrationFault, newMigrations } from './migrations.ts';
import { newSecrets } from './new-secrets.ts';
import { smoke } from './smoke.ts';

const say = (text: string) => process.stdout.write(`${text}\n`);

async function main(args: readonly string[]): Promise<number> {
  const options = readEdgeOptions(args);
  if (options.command !== 'smoke') {
    const status = await runAll(stepsOf(options), options.dryRun);
    if (status !== 0) return status;
  }
  if (options.url === null || options.dryRun) return 0;
  return await trySmoke(options.url);
}

function stepsOf(options: EdgeOptions): readonly Step[] {
  switch (options.command) {
    case 'first':
      return firstSteps(
        { ...livekitSecrets(options), ...newSecrets(options, deployedToml() !== null) },
        commit(),
      );
    case 'secrets':
      return [secretsStep(livekitSecrets(options))];
    case 'deploy':
      checkMigrations(options.since);
      return deploySteps(commit());
    case 'rollback':
      return rollbackSteps(options.version, `rolled back from ${commit()}`);
    case 'smoke':
      return [];
    default:
      return options.command satisfies never;
  }
}

/** @throws EdgeOptionError when the environment lacks one, unless nothing is done anyway */
function livekitSecrets({ dryRun }: Pick<EdgeOptions, 'dryRun'>): Record<string, string> {
  return Object.fromEntries(
    ['LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET'].map((name) => {
      const value = process.env[name] ?? '';
      if (value === '' && !dryRun)
        throw new EdgeOptionError(`${name} is not set; expected it in the environment`);
      return [name, value];
    }),
  );
}

/** What was deployed last from this clone; null: nothing was. */
const deployedToml = () => git(['show', `${deployedTag}:wrangler.toml`]);

/** @throws EdgeOptionError when a migration that has been deployed was changed */
function checkMigrations(since: string | null): void {
  const next = readFileSync(`${root}wrangler.toml`, 'utf8');
  const deployed = since === null ? deployedToml() : git(['show', `${since}:wrangler.toml`]);
  if (deployed === null) {
    if (since !== null) throw new EdgeOptionError(`--since: git knows no ${since}`);
    say(`no tag ${deployedTag}: migrations are not compared with what is deployed`);
    return;
  }
  const fault = migrationFault(deployed, next);
  if (fault !== null) throw new EdgeOptionError(`wrangler.toml: ${fault}`);
  const added = newMigrations(deployed, next);
  if (added.length > 0) say(`new migrations: ${added.join(', ')}; no roll-back goes behind them`);
}

const commit = () => git(['rev-parse', '--short', 'HEAD'])?.trim() ?? 'unknown';

/** null: git fails. */
function git(args: readonly string[]): string | null {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout : null;
}

async function runAll(steps: readonly Step[], dryRun: boolean): Promise<number> {
  for (const step of steps) {
    say(`${dryRun ? '  ' : '> '}${showStep(step)}`);
    if (dryRun) continue;
    const status = await run(step);
    if (status !== 0 && step.mayFail !== true) return status;
  }
  return 0;
}

function run({ command, args, secrets }: Step): Promise<number> {
  // wrangler with the Node that runs us: the machine's own may be too old for it.
  const [program, ...before] =
    command === 'git' ? ['git'] : [process.execPath, `${root}node_modules/.bin/wrangler`];
  const child = spawn(program ?? '', [...before, ...args], {
    cwd: root,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
    stdio: [secrets === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit'],
  });
  child.stdin?.end(JSON.stringify(secrets));
  return new Promise((settle, fail) => {
    child.once('error', fail);
    child.once('exit', (status) => settle(status ?? 1));
  });
}

async function trySmoke(url: string): Promise<number> {
  const { LIVEKIT_API_KEY: apiKey = '', LIVEKIT_API_SECRET: apiSecret = '' } = livekitSecrets({
    dryRun: false,
  });
  const checks = await smoke({ url, apiKey, apiSecret });
  for (const { name, ok, seen } of checks)
    say(`${ok ? 'ok  ' : 'FAIL'} ${name}${ok ? '' : `: ${seen}`}`);
  return checks.every(({ ok }) => ok) ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof EdgeOptionError) process.stderr.write(`\n${edgeUsage}\n`);
    process.exit(1);
  },
);
