/**
 * Progress: how far a call has come while it lives. `POST /v1/progress`, sent once when the phone rings and once when the call is answered, best effort: each report holds all
 * stages so far, and the record (record.ts) makes up for those that were lost.
 */
import * as z from 'zod';
import { callFacts, callRecordExample, stagesSoFar } from './record.ts';

export const callProgress = callFacts.extend({ stages: stagesSoFar });

export type CallProgress = z.infer<typeof callProgress>;

export const callProgressExample: CallProgress = {
  ...z.object(callFacts.shape).parse(callRecordExample),
  stages: {
    ...z.object(stagesSoFar.shape).parse(callRecordExample.stages),
    joined_ms: null,
    audible_ms: null,
    answered_ms: null,
    acknowledged_ms: null,
    first_audio_from_phone_ms: null,
    first_audio_to_phone_ms: null,
  },
};
