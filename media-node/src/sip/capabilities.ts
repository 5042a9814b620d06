/** What this endpoint can do, as it says in Allow, Accept and Supported. RFC 3261 §20. */
import type { Row } from './wire/write-message.ts';

export const allowedMethods: readonly string[] = [
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'INFO',
];

/** Option tags for Require and Supported. */
export const supportedExtensions: readonly string[] = [];

export const allowRow: Row = ['Allow', allowedMethods.join(', ')];
export const acceptRow: Row = ['Accept', 'application/sdp'];
export const supportedRows: readonly Row[] =
  supportedExtensions.length === 0 ? [] : [['Supported', supportedExtensions.join(', ')]];
