#!/usr/bin/python
# Copyright: the kpod authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: kpod_pod
short_description: Have a pod run on a CRI-O node, stop it, or remove it
description:
  - Launches, stops and removes pods through kpod, so that CRI-O takes them over when it is there again.
  - A pod that the kubelet looks after comes back by the kubelet; this module is for nodes without one, or where it is dead.
options:
  name:
    description: Name of the pod.
    type: str
    required: true
  namespace:
    description: Its namespace.
    type: str
    default: default
  state:
    description: C(running) launches what is missing of the pod, C(stopped) ends what runs, C(absent) removes all of it.
    type: str
    choices: [running, stopped, absent]
    default: running
  containers:
    description: Its containers, by I(name), I(image), I(command) and I(flags), which are those of C(kpod run).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the container.
        type: str
        required: true
      image:
        description: Image by its name.
        type: str
        required: true
      command:
        description: Its command instead of the image's.
        type: list
        elements: str
        default: []
      flags:
        description: More flags of C(kpod run).
        type: list
        elements: str
        default: []
  flags:
    description: Flags of C(kpod pod run), as C(--publish=8080:80).
    type: list
    elements: str
    default: []
extends_documentation_fragment: kpod.node.kpod
author:
  - The kpod authors
"""

EXAMPLES = r"""
- name: A web server beside a dead kubelet
  kpod.node.kpod_pod:
    name: web
    flags: ["--publish=8080:80"]
    containers:
      - name: server
        image: localhost/httpd:latest
"""

RETURN = r"""
pod:
  description: The pod as C(kpod pod ps --format json) prints it; left out where there is none.
  returned: when it is there
  type: dict
commands:
  description: What was called of kpod, or in check mode would be.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.kpod.node.plugins.module_utils.kpod import ARGUMENTS, Kpod


def main():
    container = dict(
        name=dict(type="str", required=True),
        image=dict(type="str", required=True),
        command=dict(type="list", elements="str", default=[]),
        flags=dict(type="list", elements="str", default=[]),
    )
    module = AnsibleModule(
        argument_spec=dict(
            ARGUMENTS,
            name=dict(type="str", required=True),
            namespace=dict(type="str", default="default"),
            state=dict(type="str", choices=["running", "stopped", "absent"], default="running"),
            containers=dict(type="list", elements="dict", default=[], options=container),
            flags=dict(type="list", elements="str", default=[]),
        ),
        supports_check_mode=True,
    )
    kpod = Kpod(module)
    name, namespace, state = (module.params[key] for key in ("name", "namespace", "state"))
    asked = "%s/%s" % (namespace, name)

    def look():
        pods = kpod.json("pod", "ps", "--format", "json")
        return [pod for pod in pods if pod["kubeName"] == name and pod["namespace"] == namespace]

    def running_in(pods):
        rows = kpod.json("ps", "--format", "json") if pods else []
        ids = set(pod["id"] for pod in pods)
        # k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT
        return set(row["names"].split("_")[1] for row in rows if row["podId"] in ids)

    def described(pods):
        lines = ["pod %s: %s" % (asked, pod["state"]) for pod in pods] or ["no pod %s" % asked]
        return "".join(line + "\n" for line in lines + ["container %s runs" % each for each in sorted(running_in(pods))])

    pods = look()
    ready = [pod for pod in pods if pod["state"] == "Ready"]
    running = running_in(pods)
    calls = []
    if state == "running":
        if not ready:
            calls.append(["pod", "run", "--name", name, "--namespace", namespace] + module.params["flags"])
        for each in module.params["containers"]:
            if each["name"] not in running:
                words = ["run", "--detach", "--pod", asked, "--name", each["name"]] + each["flags"]
                calls.append(words + [each["image"]] + each["command"])
    elif state == "stopped":
        if ready or running:
            calls = [["pod", "stop", asked]]
    elif pods:
        calls = [["pod", "rm", "--force", pod["id"]] for pod in pods]

    before = described(pods)
    if not module.check_mode:
        for call in calls:
            kpod.run(*call)
    after = look() if calls and not module.check_mode else pods
    result = dict(changed=bool(calls), commands=[" ".join(["kpod"] + call) for call in calls])
    if module._diff:
        plan = "".join(line + "\n" for line in result["commands"])
        result["diff"] = dict(before=before, after=before + plan if module.check_mode else described(after))
    if after:
        result["pod"] = after[0]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
