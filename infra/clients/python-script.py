"""All inbound calls of livekit.SIP by the unmodified livekit-api of PyPI (protobuf on the wire): the same script as node-script.ts, with the same output."""

import asyncio
import json
import sys

from google.protobuf.json_format import MessageToDict
from livekit import api
from livekit.protocol.models import ListUpdate


def to_json(message):
    return MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


async def step(name, call, items=False):
    try:
        answer = await call
    except api.TwirpError as error:
        print(json.dumps({"step": name, "error": {"code": error.code, "msg": error.message}}))
        return None
    shown = [to_json(item) for item in answer.items] if items else to_json(answer)
    print(json.dumps({"step": name, "answer": shown}))
    return answer


async def main(url, key, secret):
    async with api.LiveKitAPI(url, key, secret, failover=False) as livekit:
        sip = livekit.sip

        def trunk_of(**fields):
            info = api.SIPInboundTrunkInfo(**fields)
            return sip.create_inbound_trunk(api.CreateSIPInboundTrunkRequest(trunk=info))

        def trunks(**filters):
            return sip.list_inbound_trunk(api.ListSIPInboundTrunkRequest(**filters))

        def rule_of(rule, **fields):
            return sip.create_dispatch_rule(api.CreateSIPDispatchRuleRequest(rule=rule, **fields))

        def direct(room, pin=""):
            return api.SIPDispatchRule(
                dispatch_rule_direct=api.SIPDispatchRuleDirect(room_name=room, pin=pin)
            )

        def rules(**filters):
            return sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest(**filters))

        def delete_trunk(trunk_id):
            return sip.delete_trunk(api.DeleteSIPTrunkRequest(sip_trunk_id=trunk_id))

        def delete_rule(rule_id):
            request = api.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rule_id)
            return sip.delete_dispatch_rule(request)

        trunk = await step(
            "create trunk",
            trunk_of(
                name="main",
                numbers=["+15550100", "+15550101"],
                metadata="m",
                allowed_addresses=["203.0.113.0/24"],
                allowed_numbers=["+15550199"],
                auth_username="alice",
                auth_password="wonderland",
                headers={"X-Served-By": "callgate"},
                headers_to_attributes={"X-Ticket": "ticket"},
                krisp_enabled=True,
            ),
        )
        second = await step("create second trunk", trunk_of(name="second", numbers=["+15550102"]))
        await step("create trunk without protection", trunk_of(name="open"))
        await step(
            "create trunk with a bad header",
            trunk_of(name="bad", numbers=["+1"], headers={"Call-ID": "x"}),
        )
        await step("list trunks", trunks(), items=True)
        await step("list trunks by number", trunks(numbers=["15550102"]), items=True)
        await step("list trunks by id", trunks(trunk_ids=[trunk.sip_trunk_id]), items=True)
        await step(
            "update fields of trunk",
            sip.update_inbound_trunk_fields(
                trunk.sip_trunk_id,
                name="renamed",
                numbers=ListUpdate(add=["+15550103"], remove=["+15550101"]),
            ),
        )
        await step("update unknown trunk", sip.update_inbound_trunk_fields("ST_unknown", name="x"))
        await step(
            "replace trunk",
            sip.update_inbound_trunk(
                second.sip_trunk_id,
                api.SIPInboundTrunkInfo(name="replaced", numbers=["+15550104"]),
            ),
        )
        individual = api.SIPDispatchRule(
            dispatch_rule_individual=api.SIPDispatchRuleIndividual(room_prefix="call")
        )
        rule = await step(
            "create rule",
            rule_of(
                individual,
                name="support",
                metadata="m",
                trunk_ids=[trunk.sip_trunk_id],
                attributes={"a": "b"},
            ),
        )
        await step("create direct rule with a PIN", rule_of(direct("lobby", "1234")))
        await step("create conflicting rule", rule_of(direct("other", "1234")))
        await step("list rules", rules(), items=True)
        await step("list rules by trunk", rules(trunk_ids=[second.sip_trunk_id]), items=True)
        rule_id = rule.sip_dispatch_rule_id
        callee = api.SIPDispatchRule(
            dispatch_rule_callee=api.SIPDispatchRuleCallee(room_prefix="to", randomize=True)
        )
        await step(
            "update fields of rule",
            sip.update_dispatch_rule_fields(
                rule_id, name="renamed", attributes={"a": "", "c": "d"}, rule=callee
            ),
        )
        await step(
            "replace rule",
            sip.update_dispatch_rule(
                rule_id, api.SIPDispatchRuleInfo(name="replaced", rule=direct("r"))
            ),
        )
        await step("delete rule", delete_rule(rule_id))
        await step("delete rule again", delete_rule(rule_id))
        await step("delete trunk", delete_trunk(trunk.sip_trunk_id))
        await step("delete trunk again", delete_trunk(trunk.sip_trunk_id))
        await step("list what is left", trunks(), items=True)


asyncio.run(main(*sys.argv[1:4]))
