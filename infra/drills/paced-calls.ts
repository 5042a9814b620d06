/**
 * A process of its own that holds a few calls, with somebody in each room who speaks, and notes how evenly packets come at the phone and how evenly they were said. It goes before
 * all others of this machine, so that what it sees is the node's doing and not that of the phones, rooms and load of the drill. Started by pacing-watch.ts. It prints one line when
 * all calls are up and then one a second with the times between packets, ms; SIGTERM hangs up.
 */
import { joinDeaf, type OpusSource } from '../bench/room-listener.ts';
import { dial, pause } from '../e2e/phone-calls.ts';
import { deskRoom } from '../e2e/routed-stack.ts';
import { asideOptions } from '../local/run-aside.ts';
import type { PhoneCall } from '../phone/phone-call.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { goFirst } from './go-first.ts';
import { loop, secondOfTone } from './looped-tone.ts';
import { gapsMark, type PacedCallsOptions, type PacingGaps, upLine } from './pacing-watch.ts';

const attemptsMax = 6;
const tellEveryMs = 1_000;

/** Notes the times between its calls. */
function stopwatch(gaps: number[]): () => void {
  let last = Number.NaN;
  return () => {
    const now = performance.now();
    if (!Number.isNaN(last)) gaps.push(Math.round((now - last) * 10) / 10);
    last = now;
  };
}

function timed(source: OpusSource, gaps: number[]): OpusSource {
  const says = stopwatch(gaps);
  return () => {
    says();
    return source();
  };
}

async function place(
  { sip }: PacedCallsOptions,
  phone: SipPhone,
  number: string,
  gaps: number[],
): Promise<PhoneCall> {
  for (let attempt = 1; ; attempt += 1) {
    const call = await dial({ node: { sip } }, phone, number, {
      hears: stopwatch(gaps),
      line: { isRecorded: false },
    });
    const answer = await call.answer;
    if (answer.kind === 'answered') return call;
    if (attempt === attemptsMax) throw new Error(`${number} got ${JSON.stringify(answer)}`);
    await pause(attempt * 1_000);
  }
}

async function main(options: PacedCallsOptions): Promise<void> {
  goFirst(process.pid);
  const phone = await SipPhone.open(options.phones);
  const gaps: PacingGaps = { said: [], heard: [] };
  const voice = secondOfTone();
  const calls: PhoneCall[] = [];
  for (const number of options.numbers) {
    const says = timed(loop(voice), gaps.said);
    await joinDeaf(options.livekit, deskRoom(number), says, options.speakers);
    calls.push(await place(options, phone, number, gaps.heard));
  }
  process.once('SIGTERM', () => {
    for (const call of calls) call.hangUp();
    void Promise.all(calls.map((call) => call.ended)).then(() => process.exit(0));
  });
  process.stdout.write(`${upLine}\n`);
  setInterval(() => {
    const told: PacingGaps = { said: gaps.said.splice(0), heard: gaps.heard.splice(0) };
    process.stdout.write(`${gapsMark}${JSON.stringify(told)}\n`);
  }, tellEveryMs);
}

await main(asideOptions());
