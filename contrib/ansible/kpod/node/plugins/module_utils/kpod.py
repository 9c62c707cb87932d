# Copyright: the kpod authors
# SPDX-License-Identifier: Apache-2.0
"""What the modules share: they call kpod and read its JSON."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

ARGUMENTS = dict(
    executable=dict(type="path", default="kpod"),
    config=dict(type="path"),
)


class Kpod(object):
    """The kpod of a node."""

    def __init__(self, module):
        self.module = module
        program = module.get_bin_path(module.params["executable"], required=True)
        config = module.params["config"]
        self.words = [program] + (["--config", config] if config else [])

    def run(self, *args, **options):
        """Runs kpod; another exit code than those of `good` fails the module with kpod's own line."""
        good = options.get("good", (0,))
        code, out, err = self.module.run_command(self.words + list(args))
        # What cannot be begun, for a word that is wrong for one, says nothing on standard output.
        if code not in good or (code != 0 and not out.strip()):
            lines = err.strip().splitlines()
            said = [line for line in lines if line.startswith("Error:")] or lines[-1:] or ["kpod failed"]
            self.module.fail_json(msg=said[0], rc=code, stderr=err, cmd=list(args))
        warnings = [line[len("Warning: "):] for line in err.splitlines() if line.startswith("Warning: ")]
        for warning in warnings:
            self.module.warn(warning)
        return code, out

    def json(self, *args, **options):
        """Runs kpod and gives what its JSON says."""
        return json.loads(self.run(*args, **options)[1])
