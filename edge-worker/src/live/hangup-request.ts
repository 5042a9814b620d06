/** What an operator may send along to end a call. */
import { extraHeaders } from '@callgate/shared/contract/command.ts';
import * as z from 'zod';

export const hangupRequest = z.strictObject({
  /** For the BYE; a call that is not answered yet is refused without them. */
  headers: extraHeaders.default({}),
});
