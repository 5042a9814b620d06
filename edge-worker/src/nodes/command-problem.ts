/** What a command to a node came to, as an answer of `/v1`. */
import { Problem } from '../http/problem.ts';
import type { CommandAnswer } from './pending-commands.ts';

/** Lets a command that was obeyed pass. @throws Problem that says why it was not */
export function requireDone(answer: CommandAnswer): void {
  if (answer.kind === 'no-result') throw noResult(answer.why);
  if (answer.kind !== 'refused') return;
  if (answer.why === 'unknown-call') throw new Problem('not-found', answer.detail);
  throw new Problem('command-refused', answer.detail);
}

function noResult(why: Extract<CommandAnswer, { kind: 'no-result' }>['why']): Problem {
  switch (why) {
    case 'not-linked':
      return new Problem('node-away', 'the node has no link to the edge');
    case 'too-old':
      return new Problem('node-away', 'the node is of an older version that takes no commands');
    case 'silent':
      return new Problem('node-silent', 'the node was told and has not answered in time');
    case 'too-many':
      return new Problem('node-silent', 'too many commands wait for this node');
    default:
      return why satisfies never;
  }
}
