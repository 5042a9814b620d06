/**
 * Which sounds a call is given: options of the trunk (trunk-options.ts), and over them attributes of the rule whose names begin with `callgate.`. Rules
 * have no metadata of their own (it becomes the participant's), and attributes can be set by every LiveKit client. Pure.
 */
import { type CallSounds, callSounds } from '../contract/call-sounds.ts';
import { type Fault, fault } from '../livekit-api/fault.ts';

/** Attributes of a rule that are meant for us; the participant does not get them. */
const prefix = 'callgate.';

type Attributes = Readonly<Record<string, string>>;

export function isOwnAttribute(name: string): boolean {
  return name.startsWith(prefix);
}

/** What the trunk chooses, and where the rule chooses, that; undefined: nobody has chosen anything. */
export function soundsOf(trunk: CallSounds, ruleAttributes: Attributes): CallSounds | undefined {
  const { language, ringback, early_media } = trunk;
  const chosen = { language, ringback, early_media, ...ofRule(ruleAttributes) };
  const sounds = callSounds.safeParse(chosen).data;
  return sounds !== undefined && Object.values(sounds).some((value) => value !== undefined)
    ? sounds
    : undefined;
}

/** What is wrong with the attributes of a rule that are meant for us; null: nothing, or there are none. */
export function ownAttributesFault(attributes: Attributes): Fault | null {
  for (const name of Object.keys(attributes).filter(isOwnAttribute)) {
    const field = `attributes.${name}`;
    const option = callSounds.shape[name.slice(prefix.length) as keyof CallSounds];
    if (option === undefined) return fault(field, `${field}: there is no such option`);
    const [issue] = option.safeParse(attributes[name]).error?.issues ?? [];
    if (issue !== undefined) return fault(field, `${field}: ${issue.message}`);
  }
  return null;
}

/** An attribute stored before it was checked counts when it can be read. */
function ofRule(attributes: Attributes): CallSounds {
  const options: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (!isOwnAttribute(name) || ownAttributesFault({ [name]: value }) !== null) continue;
    options[name.slice(prefix.length)] = value;
  }
  return options;
}
