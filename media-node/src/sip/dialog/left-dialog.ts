/**
 * Ends a dialog that an earlier process has left behind: one BYE, made of what was kept of the dialog. RFC 3261 §12.2.1, §15.
 */
import { leftDialogLimits } from '@callgate/shared/limits.ts';
import type { RequestSender } from '../request-sender.ts';
import type { ByeResult, DialogState, SipHeader } from '../sip-endpoint.ts';
import { readUri, type Uri, writeHostPort } from '../wire/uri.ts';
import { isWritableRow } from '../wire/write-message.ts';
import { applicationRows } from './application-rows.ts';
import { dialogRequest } from './dialog.ts';

/** @throws when the state holds no URI that can be reached, or text that must not go out */
export async function endLeftDialog(
  state: DialogState,
  headers: readonly SipHeader[],
  sender: Pick<RequestSender, 'sendToUri'>,
): Promise<ByeResult> {
  // What the dead process sent after its state was kept has lower numbers; a gap is no error (RFC 3261 §12.2.2).
  const number = state.localNumber + leftDialogLimits.numberLeap;
  const bye = dialogRequest(state, 'BYE', number, applicationRows(headers).rows);
  if (!bye.rows.every(([name, value]) => isWritableRow(name, value))) {
    throw new RangeError('a header of the dialog must not be written');
  }
  const { source, local } = state;
  const near = { transport: source.transport, local, remote: source };
  return await new Promise((resolve) => {
    sender.sendToUri(bye, nextHop(state), near, {
      onResponse: ({ status }) => {
        if (status >= 200) resolve('answered');
      },
      onTimeout: () => resolve('timeout'),
      onUnsent: () => resolve('unsent'),
    });
  });
}

function nextHop({ isToSource, source, routes, target }: DialogState): Uri {
  const text = isToSource
    ? `sip:${writeHostPort(source.address, source.port)};transport=${source.transport}`
    : (routes[0] ?? target);
  const uri = readUri(text);
  if (uri === null || (uri.scheme !== 'sip' && uri.scheme !== 'sips')) {
    throw new RangeError('the next hop is no sip or sips URI');
  }
  return uri;
}
