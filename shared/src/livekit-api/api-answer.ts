/**
 * What a request of livekit.SIP comes to: an answer and perhaps one change of what is stored, or an error
 * as Twirp knows it. Pure values; the edge puts them on the wire and into storage.
 */
import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import type { Fault } from './fault.ts';

/** One object put in place of what was stored under its id, or taken away. */
export type StoredChange =
  | { readonly kind: 'put-trunk'; readonly trunk: SIPInboundTrunkInfo }
  | { readonly kind: 'delete-trunk'; readonly id: string }
  | { readonly kind: 'put-rule'; readonly rule: SIPDispatchRuleInfo }
  | { readonly kind: 'delete-rule'; readonly id: string };

/** The Twirp codes of these answers with their HTTP status. */
export const apiErrorStatus = {
  invalid_argument: 400,
  not_found: 404,
  unimplemented: 501,
} as const;

export type ApiErrorCode = keyof typeof apiErrorStatus;

export interface ApiError {
  readonly kind: 'error';
  readonly code: ApiErrorCode;
  readonly status: number;
  readonly msg: string;
}

export interface ApiOk<Response> {
  readonly kind: 'ok';
  readonly response: Response;
  /** null: everything stays as it is. */
  readonly change: StoredChange | null;
}

export type ApiAnswer<Response> = ApiOk<Response> | ApiError;

export function apiOk<Response>(
  response: Response,
  change: StoredChange | null = null,
): ApiOk<Response> {
  return { kind: 'ok', response, change };
}

export function apiError(code: ApiErrorCode, msg: string): ApiError {
  return { kind: 'error', code, status: apiErrorStatus[code], msg };
}

export function invalidArgument({ msg }: Fault): ApiError {
  return apiError('invalid_argument', msg);
}
