/**
 * The action of an update request. JSON may say `"replace": null`, which is no action; the protobuf library
 * keeps the name of the member then and leaves its value undefined, against its own types.
 */
interface UpdateRequest<Action> {
  readonly action: Action | { case: undefined; value?: undefined };
}

/** The words of LiveKit. */
export const noUpdateActionText = 'missing or unsupported update action';

/** null: the request names no action, or one without a value. */
export function updateAction<Action extends { case: string; value: object }>(
  request: UpdateRequest<Action>,
): Action | null {
  const { action } = request;
  return action.case === undefined || action.value === undefined ? null : action;
}
