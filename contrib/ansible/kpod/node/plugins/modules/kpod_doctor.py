#!/usr/bin/python
# Copyright: the kpod authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: kpod_doctor
short_description: Find what is at odds on a CRI-O node, and mend it
description:
  - Runs C(kpod doctor) and gives its findings; with I(mend) it mends them, and looks again.
  - What is mended can be undone on the node with C(kpod doctor undo).
options:
  checks:
    description: Checks or findings by their ids; without them all.
    type: list
    elements: str
    default: []
  quick:
    description: Leave out what takes more than a second.
    type: bool
    default: false
  mend:
    description: Mend what is found. In check mode nothing is done, and the plan is told.
    type: bool
    default: false
  fail_on:
    description: Fail where a finding of this severity, or a worse one, is there in the end.
    type: str
    choices: [breaks-now, breaks-at-start, leaks, never]
    default: never
  min_age:
    description: Tell only what has been so for this time, as C(10m).
    type: str
extends_documentation_fragment: kpod.node.kpod
author:
  - The kpod authors
"""

EXAMPLES = r"""
- name: Stop a rollout before a node that is sick
  kpod.node.kpod_doctor:
    fail_on: breaks-at-start

- name: Restore lost links of layers
  kpod.node.kpod_doctor:
    checks: [storage.link-lost]
    mend: true
"""

RETURN = r"""
sound:
  description: Whether nothing is at odds in the end.
  returned: always
  type: bool
findings:
  description: What is at odds in the end, worst first, as C(kpod doctor --format json) has it.
  returned: always
  type: list
  elements: dict
unknown:
  description: What could not be told, and why.
  returned: always
  type: list
  elements: dict
forecast:
  description: What CRI-O will do at its next start.
  returned: always
  type: dict
plan:
  description: What kpod said of the mending.
  returned: with I(mend), where something was found
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.kpod.node.plugins.module_utils.kpod import ARGUMENTS, Kpod

SEVERITIES = ["breaks-now", "breaks-at-start", "leaks", "informs"]


def described(report):
    return "".join("%s %s\n" % (found["finding"], found["consequence"]) for found in report["findings"])


def main():
    module = AnsibleModule(
        argument_spec=dict(
            ARGUMENTS,
            checks=dict(type="list", elements="str", default=[]),
            quick=dict(type="bool", default=False),
            mend=dict(type="bool", default=False),
            fail_on=dict(type="str", choices=SEVERITIES[:3] + ["never"], default="never"),
            min_age=dict(type="str"),
        ),
        supports_check_mode=True,
    )
    params = module.params
    kpod = Kpod(module)
    flags = ["--quick"] if params["quick"] else []
    if params["min_age"]:
        flags += ["--min-age", params["min_age"]]

    def look():
        # 1: something is at odds; 2: not all could be told, which the report says.
        return kpod.json(*(["doctor", "--format", "json"] + flags + params["checks"]), good=(0, 1, 2))

    before = after = look()
    result = dict(changed=False)
    mendable = [found for found in before["findings"] if found["mend"].get("commands") and found["severity"] != "informs"]
    if params["mend"] and mendable:
        words = ["doctor", "--mend"] + flags + (["--dry-run"] if module.check_mode else ["--yes"])
        result["plan"] = kpod.run(*(words + params["checks"]), good=(0, 1))[1]
        if not module.check_mode:
            after = look()
        left = set(found["finding"] for found in after["findings"])
        result["changed"] = module.check_mode or any(found["finding"] not in left for found in mendable)
    if module._diff and params["mend"]:
        result["diff"] = dict(before=described(before), after=result["plan"] if module.check_mode and mendable else described(after))
    result.update((key, after[key]) for key in ("sound", "findings", "unknown", "forecast"))
    bad = SEVERITIES[: SEVERITIES.index(params["fail_on"]) + 1] if params["fail_on"] != "never" else []
    worst = [found for found in after["findings"] if found["severity"] in bad]
    if worst:
        first = worst[0]
        name = first["object"].get("name") or first["object"].get("path") or first["object"].get("id") or ""
        module.fail_json(msg="%d at odds, first %s (%s): %s" % (len(worst), first["id"], name, first["consequence"]), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
