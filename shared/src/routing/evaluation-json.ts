/**
 * An evaluation in the words of the simulation (and of the conformance vectors): snake_case, messages as
 * proto JSON, unset durations null. A call that is still to key in its PIN has neither room nor identity,
 * and of the trunk only the id.
 */
import { Duration, type JsonValue, proto3 } from '@bufbuild/protobuf';
import { SIPHeaderOptions, SIPMediaEncryption } from '@livekit/protocol';
import type { AcceptCall, Evaluation } from './evaluate-rule.ts';

const noAnswer = {
  room_name: '',
  room_preset: '',
  room_config: null,
  participant_identity: '',
  participant_name: '',
  participant_metadata: '',
  participant_attributes: {},
  headers: {},
  headers_to_attributes: {},
  attributes_to_headers: {},
  include_headers: 'SIP_NO_HEADERS',
  enabled_features: [],
  ringing_timeout: null,
  max_call_duration: null,
};

/** The evaluation as a JSON object; every field is there, whatever the kind. */
export function evaluationToJson(evaluation: Evaluation): Record<string, JsonValue> {
  return {
    result: evaluation.kind === 'accept' ? 'ACCEPT' : 'REQUEST_PIN',
    sip_trunk_id: evaluation.trunkId,
    sip_dispatch_rule_id: evaluation.ruleId,
    ...(evaluation.kind === 'accept' ? answerToJson(evaluation) : noAnswer),
    media: evaluation.media.toJson({ useProtoFieldName: true }),
    media_encryption: enumName(SIPMediaEncryption, evaluation.mediaEncryption),
  };
}

function answerToJson(answer: AcceptCall): Record<keyof typeof noAnswer, JsonValue> {
  return {
    room_name: answer.roomName,
    room_preset: answer.roomPreset,
    room_config: answer.roomConfig?.toJson({ useProtoFieldName: true }) ?? null,
    participant_identity: answer.participantIdentity,
    participant_name: answer.participantName,
    participant_metadata: answer.participantMetadata,
    participant_attributes: Object.fromEntries(answer.participantAttributes),
    headers: { ...answer.headers },
    headers_to_attributes: { ...answer.headersToAttributes },
    attributes_to_headers: { ...answer.attributesToHeaders },
    include_headers: enumName(SIPHeaderOptions, answer.includeHeaders),
    enabled_features: answer.krispEnabled ? ['KRISP_ENABLED'] : [],
    ringing_timeout: durationToJson(answer.ringingTimeoutMs),
    max_call_duration: durationToJson(answer.maxCallDurationMs),
  };
}

/** The name of a value, or the number itself for a value that this version does not know. */
function enumName(type: Parameters<typeof proto3.getEnumType>[0], value: number): JsonValue {
  return proto3.getEnumType(type).findNumber(value)?.name ?? value;
}

function durationToJson(ms: number | null): JsonValue {
  if (ms === null) return null;
  const seconds = Math.trunc(ms / 1_000);
  return new Duration({
    seconds: BigInt(seconds),
    nanos: (ms - seconds * 1_000) * 1_000_000,
  }).toJson();
}
