/**
 * A process of its own that places calls at a rate and hangs each up as soon as it is answered, so that what measures live calls is not disturbed by making load.
 * Run by run-load.ts: LoadOptions in, a LoadResult out.
 */
import { Distribution } from '../bench/distribution.ts';
import { dial, pause } from '../e2e/phone-calls.ts';
import { asideOptions, asideResult } from '../local/run-aside.ts';
import { SipPhone } from '../phone/sip-phone.ts';

export interface LoadOptions {
  readonly sip: string;
  /** Called in turn. */
  readonly numbers: readonly string[];
  /** Addresses of this machine that calls come from, in turn. */
  readonly from: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly offered: number;
  readonly answered: number;
  /** Final answers by status. */
  readonly refused: Readonly<Record<string, number>>;
  /** No final answer by the end. */
  readonly silent: number;
  readonly finalAnswerMsP95: number | null;
}

/** After the last INVITE: longer than any promise about a final answer. */
const lastAnswersMs = 6_000;

async function main(options: LoadOptions): Promise<LoadResult> {
  const phones = await Promise.all(options.from.map((address) => SipPhone.open(address)));
  const refused: Record<string, number> = {};
  const finalAnswer = new Distribution();
  let [offered, answered, finals] = [0, 0, 0];
  const one = async (n: number) => {
    const phone = phones[n % phones.length];
    const number = options.numbers[n % options.numbers.length] ?? '';
    if (phone === undefined) return;
    const startedAt = performance.now();
    const call = await dial({ node: { sip: options.sip } }, phone, number, {
      from: `+1777${String(n).padStart(7, '0')}`,
    });
    const answer = await call.answer;
    if (answer.kind === 'no-answer') return;
    finals += 1;
    finalAnswer.add(performance.now() - startedAt);
    if (answer.kind === 'refused') refused[answer.status] = (refused[answer.status] ?? 0) + 1;
    else {
      answered += 1;
      call.hangUp();
    }
  };
  const startedAt = performance.now();
  while (performance.now() - startedAt < options.seconds * 1_000) {
    void one(offered);
    offered += 1;
    const dueAt = startedAt + (offered * 1_000) / options.perSecond;
    await pause(Math.max(0, dueAt - performance.now()));
  }
  await pause(lastAnswersMs);
  const silent = offered - finals;
  for (const phone of phones) phone.close();
  return { offered, answered, refused, silent, finalAnswerMsP95: finalAnswer.percentile(0.95) };
}

asideResult(await main(asideOptions()));
