/** What each command of infra/edge does, as steps of wrangler and git: a plan that can be shown before it is run. Pure. */

/** One program call. What is secret goes by standard input, never as an argument. */
export interface Step {
  /** For people: why. */
  readonly why: string;
  readonly command: 'wrangler' | 'git';
  readonly args: readonly string[];
  /** JSON of secrets by name. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Fails when what it makes is there already; that is fine. */
  readonly mayFail?: boolean;
}

/** Queues of wrangler.toml, which a deploy does not make. */
export const queues = ['callgate-events', 'callgate-events-dead'] as const;

/** Marks the commit that was deployed last. */
export const deployedTag = 'edge-deployed';

/** The Worker, its queues and its secrets, once. */
export function firstSteps(secrets: Readonly<Record<string, string>>, commit: string): Step[] {
  return [
    // whoami succeeds without a login, too.
    { why: 'logged in, and may make queues', command: 'wrangler', args: ['queues', 'list'] },
    ...queues.map(
      (queue): Step => ({
        why: 'a queue of events; it may be there already',
        command: 'wrangler',
        args: ['queues', 'create', queue],
        mayFail: true,
      }),
    ),
    ...deploySteps(commit),
    secretsStep(secrets),
  ];
}

/** A new version. Durable Object migrations of wrangler.toml are applied with it. */
export function deploySteps(commit: string): Step[] {
  return [
    {
      why: 'builds, and every binding is declared',
      command: 'wrangler',
      args: ['deploy', '--dry-run'],
    },
    { why: 'the new version', command: 'wrangler', args: ['deploy', '--strict', '--tag', commit] },
    { why: 'remembers what was deployed', command: 'git', args: ['tag', '--force', deployedTag] },
  ];
}

/** All secrets in one call. */
export function secretsStep(secrets: Readonly<Record<string, string>>): Step {
  return {
    why: `secrets: ${Object.keys(secrets).join(', ')}`,
    command: 'wrangler',
    args: ['secret', 'bulk'],
    secrets,
  };
}

/** @param version id of `wrangler versions list`; null: the one before */
export function rollbackSteps(version: string | null, message: string): Step[] {
  return [
    { why: 'what is deployed', command: 'wrangler', args: ['deployments', 'list'] },
    {
      why: 'back',
      command: 'wrangler',
      args: ['rollback', ...(version === null ? [] : [version]), '--message', message, '--yes'],
    },
  ];
}

/** As a shell would be given it, with the names of secrets and never their values. */
export function showStep({ why, command, args, secrets }: Step): string {
  const input = secrets === undefined ? '' : `  < ${Object.keys(secrets).join(', ')}`;
  return `${command} ${args.join(' ')}${input}   # ${why}`;
}
