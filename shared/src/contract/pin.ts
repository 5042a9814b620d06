/** The PIN answer: the digits a caller keyed in, with the edge's ticket. `POST /v1/offers/{call_id}/pin`, answered by a decision. */
import * as z from 'zod';
import { pinLimits } from '../limits.ts';
import { contractField, contractVersion } from './version.ts';

export const pinAnswer = z.object({
  contract: contractField,
  /** From the ask-pin decision, unchanged. */
  ticket: z.string().max(pinLimits.ticketCharactersMax),
  /** Digits 0-9, `*`, a-d without the closing `#`; empty: the caller pressed `#` alone. A secret. */
  digits: z.string().regex(/^[0-9*a-d]{0,16}$/, 'expected up to 16 of 0-9, * and a-d'),
});

export type PinAnswer = z.infer<typeof pinAnswer>;

export const pinAnswerExample: PinAnswer = {
  contract: contractVersion,
  ticket: 'v1.b64…',
  digits: '1234',
};
