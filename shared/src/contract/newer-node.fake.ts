/** A message as a newer node of the same version would say it: every object in it has a field more. */
export function ofNewerNode(message: unknown): unknown {
  if (Array.isArray(message)) return message.map(ofNewerNode);
  if (typeof message !== 'object' || message === null) return message;
  const known = Object.entries(message).map(([name, value]) => [name, ofNewerNode(value)] as const);
  return { ...Object.fromEntries(known), colour: { shade: 'red' } };
}
