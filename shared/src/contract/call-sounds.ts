/** What a caller hears of us, as trunk and rule choose it: part of the media policy of a decision. */
import * as z from 'zod';

/** What a caller hears before the call is answered: nothing of ours (180), or a sound (183 with our description). */
export const earlyMediaNames = ['none', 'ringback', 'music'] as const;

export const callSounds = z.object({
  /** Folder of prompts at the node, such as `en` or `de-at`; left out: English. */
  language: z
    .string()
    .regex(/^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,3}$/, 'expected a language such as en or de-AT')
    .optional(),
  /** Country whose ringback tone is played, ISO 3166-1 alpha-2; left out: the European one. */
  ringback: z
    .string()
    .regex(/^[A-Za-z]{2}$/, 'expected two letters of a country such as US')
    .optional(),
  early_media: z.enum(earlyMediaNames).optional(),
});

export type CallSounds = z.infer<typeof callSounds>;
