# Copyright: the kpod authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """The options that all modules take."""

    DOCUMENTATION = r"""
options:
  executable:
    description: The kpod to call.
    type: path
    default: kpod
  config:
    description: Another configuration file than CRI-O's.
    type: path
"""
