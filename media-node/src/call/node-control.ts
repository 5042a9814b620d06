/** Does what the edge tells the node to do, and says what came of it. */
import type { CommandResult, NodeCommand } from '@callgate/shared/contract/command.ts';
import type { LogLevel } from '../ops/log.ts';
import type { CallRegistry } from './call-registry.ts';
import type { Drain } from './drain.ts';

export interface ControlledNode {
  readonly calls: Pick<CallRegistry, 'hangUp' | 'transfer'>;
  readonly drain: Pick<Drain, 'begin' | 'undo'>;
  readonly setLogLevel: (level: LogLevel) => void;
}

const done: CommandResult = { kind: 'done' };
const unknownCall: CommandResult = {
  kind: 'refused',
  why: 'unknown-call',
  detail: 'no such call is up on the node',
};

/** Obeys one command. */
export async function obey(command: NodeCommand, node: ControlledNode): Promise<CommandResult> {
  switch (command.do) {
    case 'drain':
      node.drain.begin({ deadlineMs: command.deadline_ms, exit: command.exit });
      return done;
    case 'undrain':
      return node.drain.undo()
        ? done
        : { kind: 'refused', why: 'failed', detail: 'the process is ending' };
    case 'hang-up':
      return node.calls.hangUp(command.call_id, command.headers) ? done : unknownCall;
    case 'transfer':
      return (await node.calls.transfer(command)) ?? unknownCall;
    case 'log-level':
      node.setLogLevel(command.level);
      return done;
    default:
      return command satisfies never;
  }
}
