/** What the demo must show, check by check, judged from what was seen; the exit status is this. */
import { listenFor } from '../audio/goertzel.ts';
import { agentToneHz, type Demo, phoneToneHz } from './demo-call.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen. */
  readonly seen: string;
}

/** A tone must be what one hears for most of the three seconds. */
const toneMsLeast = 2_000;

export function judge({ call, wrongPassword, unknownNumber }: Demo): readonly Check[] {
  const at = (prefix: string) =>
    call.timeline.find((entry) => entry.event.startsWith(prefix))?.atMs ?? null;
  const atPhone = listenFor(call.heardByPhone, agentToneHz);
  const atAgent = listenFor(call.heardByAgent, phoneToneHz);
  return [
    {
      name: 'the call is answered',
      ok: call.answer.kind === 'answered',
      seen: describe(call.answer),
    },
    {
      name: 'the caller was asked for credentials first',
      ok: at('407') !== null || at('401') !== null,
      seen: `challenge after ${ms(at('407') ?? at('401'))}`,
    },
    {
      name: 'it rang before it was answered',
      ok: (at('180') ?? Infinity) < (at('200 OK') ?? -Infinity),
      seen: `180 after ${ms(at('180'))}, 200 after ${ms(at('200 OK'))}`,
    },
    {
      name: `the phone hears the agent (${agentToneHz} Hz)`,
      ok: atPhone.toneMs >= toneMsLeast,
      seen: `${atPhone.toneMs} ms of the tone in ${atPhone.loudMs} ms of sound`,
    },
    {
      name: `the room hears the phone (${phoneToneHz} Hz)`,
      ok: atAgent.toneMs >= toneMsLeast,
      seen: `${atAgent.toneMs} ms of the tone in ${atAgent.loudMs} ms of sound`,
    },
    {
      name: 'the caller hangs up and a record of it reaches the edge',
      ok: call.record?.reason === 'caller-hung-up',
      seen: call.record === null ? 'no record' : `reason ${call.record.reason}`,
    },
    {
      name: 'a wrong password is refused',
      ok: wrongPassword.kind === 'refused' && [401, 403, 407].includes(wrongPassword.status),
      seen: describe(wrongPassword),
    },
    {
      name: 'an unknown number is refused',
      ok: unknownNumber.kind === 'refused' && unknownNumber.status === 404,
      seen: describe(unknownNumber),
    },
  ];
}

function describe(answer: Demo['wrongPassword']): string {
  return answer.kind === 'refused' ? `${answer.status} ${answer.phrase}` : answer.kind;
}

function ms(at: number | null): string {
  return at === null ? 'never' : `${at.toFixed(1)} ms`;
}
