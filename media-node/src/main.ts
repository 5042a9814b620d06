#!/usr/bin/env node
/**
 * The process: reads its configuration, starts the node, drains and stops it. SIGTERM drains: calls that are up go on for a while. A second SIGTERM, or
 * SIGINT, ends them at once. With arguments it sees to the node's token instead (command-line.ts).
 */
import { flushCompileCache } from 'node:module';
import { systemClock } from './clock.ts';
import { runCommand } from './command-line.ts';
import { ConfigError, readConfig } from './config.ts';
import { settleHeap } from './heap-size.ts';
import { startNode } from './node.ts';
import { createLog } from './ops/log.ts';
import { logUnhandledRejections } from './ops/unhandled-rejections.ts';
import { writeHost } from './sip/wire/host.ts';

const writeLine = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const threshold = { level: config.logLevel };
  const log = createLog(writeLine, threshold, systemClock.nowWall);
  logUnhandledRejections(process, log);
  const node = await startNode(config, systemClock, log, threshold);
  // Compiled code for the next start, when NODE_COMPILE_CACHE names a folder; what is killed would not leave it.
  flushCompileCache();
  settleHeap();
  // Whoever starts a node waits for this line, whatever the level.
  createLog(writeLine, 'info', systemClock.nowWall)('info', 'ready', {
    name: config.name,
    sip: `${writeHost(node.sip.address)}:${node.sip.port}`,
    health: node.health === null ? null : `${writeHost(node.health.address)}:${node.health.port}`,
    edge: config.edgeUrl.origin,
  });

  let isStopping = false;
  const stop = (why: string) => {
    if (isStopping) return;
    isStopping = true;
    log('info', 'stopping', { why });
    node.stop().then(
      () => {
        log('info', 'stopped');
        process.exit(0);
      },
      (error: unknown) => {
        log('error', 'stop-failed', { why: error });
        process.exit(1);
      },
    );
  };
  let isDraining = false;
  process.on('SIGTERM', () => {
    if (isDraining || config.drainMs === 0) return stop('SIGTERM');
    isDraining = true;
    node.drain(config.drainMs);
  });
  process.on('SIGINT', () => stop('SIGINT'));
  void node.drained.then(() => stop('drained'));
}

const args = process.argv.slice(2);
const run = args.length === 0 ? main() : runCommand(args, process.env).then(writeLine);

run.catch((error: unknown) => {
  // Before the log exists, and for the operator at the terminal: plain text.
  const text =
    error instanceof ConfigError
      ? error.message
      : error instanceof Error
        ? error.message
        : String(error);
  process.stderr.write(`${args.length === 0 ? 'callgate node does not start:\n' : ''}${text}\n`);
  process.exit(1);
});
