/**
 * A process of its own that holds a few calls and notes how evenly their packets come, so that what it sees is the node's doing and not that of the phones, rooms and load of the
 * drill. Started by pacing-watch.ts. It prints one line when all calls are up and then one a second with the times between packets, ms; SIGTERM hangs up.
 */
import { dial, pause } from '../e2e/phone-calls.ts';
import { asideOptions } from '../local/run-aside.ts';
import type { PhoneCall } from '../phone/phone-call.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { gapsMark, type PacedCallsOptions, upLine } from './pacing-watch.ts';

const attemptsMax = 6;
const tellEveryMs = 1_000;

async function place(
  { sip }: PacedCallsOptions,
  phone: SipPhone,
  number: string,
  gaps: number[],
): Promise<PhoneCall> {
  for (let attempt = 1; ; attempt += 1) {
    let last = Number.NaN;
    const hears = () => {
      const now = performance.now();
      if (!Number.isNaN(last)) gaps.push(Math.round((now - last) * 10) / 10);
      last = now;
    };
    const call = await dial({ node: { sip } }, phone, number, {
      hears,
      line: { isRecorded: false },
    });
    const answer = await call.answer;
    if (answer.kind === 'answered') return call;
    if (attempt === attemptsMax) throw new Error(`${number} got ${JSON.stringify(answer)}`);
    await pause(attempt * 1_000);
  }
}

async function main(options: PacedCallsOptions): Promise<void> {
  const phone = await SipPhone.open(options.from);
  const gaps: number[] = [];
  const calls: PhoneCall[] = [];
  for (const number of options.numbers) calls.push(await place(options, phone, number, gaps));
  process.once('SIGTERM', () => {
    for (const call of calls) call.hangUp();
    void Promise.all(calls.map((call) => call.ended)).then(() => process.exit(0));
  });
  process.stdout.write(`${upLine}\n`);
  setInterval(() => {
    process.stdout.write(`${gapsMark}${JSON.stringify(gaps.splice(0))}\n`);
  }, tellEveryMs);
}

await main(asideOptions());
