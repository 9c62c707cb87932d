#!/usr/bin/python
# Copyright: the kpod authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: kpod_info
short_description: Tell what pods and containers are on a CRI-O node
description:
  - Asks the kpod of the node, which needs neither CRI-O nor the kubelet to answer.
options:
  gather:
    description: What to ask for.
    type: list
    elements: str
    choices: [pods, containers, images, info]
    default: [pods, containers]
  filters:
    description: Filters of C(kpod ps), as C(pod=shop). They hold for the containers.
    type: list
    elements: str
    default: []
extends_documentation_fragment: kpod.node.kpod
author:
  - The kpod authors
"""

EXAMPLES = r"""
- name: Which containers ended with an error?
  kpod.node.kpod_info:
    gather: [containers]
    filters: ["status=exited"]
  register: node
"""

RETURN = r"""
pods:
  description: As C(kpod pod ps --format json) prints them.
  returned: when asked for
  type: list
  elements: dict
containers:
  description: As C(kpod ps -a --format json) prints them.
  returned: when asked for
  type: list
  elements: dict
images:
  description: As C(kpod images --format json) prints them.
  returned: when asked for
  type: list
  elements: dict
info:
  description: As C(kpod info --format json) prints it.
  returned: when asked for
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.kpod.node.plugins.module_utils.kpod import ARGUMENTS, Kpod


def main():
    module = AnsibleModule(
        argument_spec=dict(
            ARGUMENTS,
            gather=dict(
                type="list",
                elements="str",
                choices=["pods", "containers", "images", "info"],
                default=["pods", "containers"],
            ),
            filters=dict(type="list", elements="str", default=[]),
        ),
        supports_check_mode=True,
    )
    kpod = Kpod(module)
    filters = [word for text in module.params["filters"] for word in ("--filter", text)]
    calls = dict(
        pods=["pod", "ps"],
        containers=["ps", "-a"] + filters,
        images=["images"],
        info=["info"],
    )
    found = dict((name, kpod.json(*(calls[name] + ["--format", "json"]))) for name in module.params["gather"])
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
